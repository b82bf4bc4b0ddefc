// Boards: menus by key, rows that are dragged onto beds, rows that change while somebody looks. Every page works without
// this file. SPDX-License-Identifier: Apache-2.0
(() => {
  "use strict";
  const by = (id) => document.getElementById(id);
  const on = (node, name, act, how) => node.addEventListener(name, act, how);
  const all = (where, what) => [...where.querySelectorAll(what)];

  // ---- menus: a list that opens in a row becomes a menu ----
  const menuOf = (node) => node.closest && node.closest("details.al-menuof");
  const items = (menu) => all(menu, "a,button");
  const opened = () => all(document, "details.al-menuof[open]");
  const close = (menu, back) => {
    menu.open = false;
    if (back) menu.querySelector("summary").focus();
  };
  const closeOthers = (menu) => opened().forEach((other) => other !== menu && close(other));
  const place = (menu) => {
    const box = menu.querySelector(".al-menu");
    const at = menu.getBoundingClientRect();
    box.style.position = "fixed";
    box.style.left = Math.max(4, at.right - box.offsetWidth) + "px";
    box.style.top = Math.max(4, Math.min(at.bottom + 2, innerHeight - box.offsetHeight - 8)) + "px";
  };
  on(document, "toggle", ({ target }) => {
    const menu = menuOf(target);
    if (!menu || !menu.open) return;
    closeOthers(menu);
    // A move that is chosen in this menu happens now: the server's time of the page and how long it has been open.
    const since = by("board-opened");
    if (since) since.value = Math.round(+since.dataset.now + performance.now());
    place(menu);
    menu.querySelector("ul").setAttribute("role", "menu");
    all(menu, "li").forEach((item) => item.setAttribute("role", "none"));
    items(menu).forEach((item) => item.setAttribute("role", "menuitem"));
    items(menu)[0].focus();
  }, true);
  on(document, "click", (event) => closeOthers(menuOf(event.target)));
  on(window, "scroll", () => opened().forEach(place), { passive: true });
  on(document, "keydown", (event) => {
    const menu = menuOf(event.target);
    if (!menu || !menu.open) return;
    const every = items(menu);
    const at = every.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: every.length - 1 }[event.key];
    if (event.key === "Tab") return close(menu);
    if (event.key === "Escape") close(menu, true);
    else if (to === undefined) return;
    else every[(to + every.length) % every.length].focus();
    event.preventDefault();
  });

  const print = document.querySelector("[data-print]");
  if (print) {
    print.hidden = false;
    on(print, "click", () => window.print());
  }

  const root = document.querySelector("[data-live]");
  if (!root) return;
  const isWall = "wall" in root.dataset;

  // ---- names for passers-by; on a wall by itself after two minutes ----
  const privacy = by("board-private");
  const setPrivate = (on) => {
    document.body.classList.toggle("al-priv-on", on);
    privacy.setAttribute("aria-pressed", on);
  };
  if (privacy) on(privacy, "click", (event) => {
    event.preventDefault();
    setPrivate(privacy.getAttribute("aria-pressed") !== "true");
  });
  if (privacy) on(privacy, "keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    privacy.click();
  });
  if (isWall) {
    let idle;
    const wake = () => {
      clearTimeout(idle);
      idle = setTimeout(setPrivate, 120000, true);
    };
    ["pointermove", "keydown"].forEach((kind) => on(document, kind, wake));
    wake();
  }

  // ---- a row dragged onto a bed opens the form of a move ----
  let dragged = null;
  on(root, "dragstart", (event) => {
    const row = event.target.closest("tr[data-stay]");
    dragged = row && row.dataset.stay;
    if (dragged) event.dataTransfer.setData("text/plain", row.querySelector(".al-bed").textContent.trim());
  });
  on(root, "dragend", () => {
    dragged = null;
    settle();
  });
  ["dragover", "dragleave", "drop"].forEach((kind) => on(root, kind, (event) => {
    const row = event.target.closest && event.target.closest("tr[data-bed]");
    if (!dragged || !row || row.dataset.stay === dragged) return;
    event.preventDefault();
    row.classList.toggle("is-target", kind === "dragover");
    if (kind === "drop") location.assign(root.dataset.move + "?" + new URLSearchParams({ stay: dragged, to: row.dataset.bed }));
  }));

  // ---- rows that change ----
  const asAt = by("board-asat");
  const board = by("board");
  const more = by("board-more");
  let shown = asAt.querySelector("time").textContent;
  let heard = Date.now();
  let apart = "";
  // Rows that wait: nothing moves under the pointer, the focus or an open menu.
  const held = new Map();
  const isBusy = (row) => dragged || row.matches(":hover") || row.contains(document.activeElement);
  const parse = (html) => {
    const into = document.createElement("template");
    into.innerHTML = html;
    return [...into.content.children];
  };
  const put = (old, fresh, time) => {
    old.replaceWith(fresh);
    if (!time) return;
    const mark = document.createElement("span");
    mark.className = "al-sub al-changed";
    mark.textContent = "changed " + time;
    (fresh.querySelector(".al-bed") || fresh.firstChild).append(mark);
    fresh.classList.add("is-changed");
    setTimeout(() => {
      fresh.classList.remove("is-changed");
      mark.remove();
    }, 60000);
  };
  const settle = () => {
    held.forEach(({ row, time }, id) => {
      const old = by(id);
      if (old && isBusy(old)) return;
      if (old) put(old, row, time);
      held.delete(id);
    });
    tell();
  };
  const take = (rows, time) => {
    rows.forEach((row) => {
      const old = by(row.id);
      if (!old || (!time && old.outerHTML === row.outerHTML)) return;
      held.set(row.id, { row, time: time || (held.get(row.id) || {}).time });
    });
    settle();
  };
  const tell = () => {
    more.hidden = !held.size && !apart;
    more.textContent = held.size ? "The row that you are in has changed. It is shown when you leave it. " : "";
    if (!apart) return;
    const link = document.createElement("a");
    link.href = location.pathname + location.search;
    link.textContent = apart + ": show";
    more.append(link);
  };
  // Rows do not come, go or change places under anybody: a line says so. A board by acuity has patients alone in its rows.
  const compare = (ids) => {
    const follows = root.dataset.all;
    if (!follows) return;
    if (follows !== "order") ids = ids.filter((id) => !id.startsWith("at-"));
    const own = all(board, "tr[id]").map((row) => row.id);
    const count = ids.filter((id) => !own.includes(id)).length + own.filter((id) => !ids.includes(id)).length;
    apart = count === 1 ? "1 row has come or gone" : count ? count + " rows have come or gone" : "";
    if (!count && follows === "order" && ids.join() !== own.join()) apart = "Rows have other places now";
    if (apart && isWall) location.reload();
    by("board-says").textContent = apart;
    tell();
  };
  const showTime = () => {
    const age = Date.now() - heard;
    const isOld = age > 15000;
    asAt.className = isOld ? "al-asat al-asat--stale" : "al-asat";
    asAt.firstChild.data = isOld ? "Not updating. This is from " : "Live, as at ";
    asAt.querySelector("b").textContent = shown + (isOld ? "." : "");
    board.classList.toggle("is-old", age > 300000);
  };
  ["focusout", "mouseout"].forEach((kind) => on(board, kind, () => setTimeout(settle, 50)));
  const stream = new EventSource(root.dataset.live);
  const hear = {
    rows: (data) => take(parse(data.slice(data.indexOf("\n") + 1)), data.slice(0, data.indexOf("\n"))),
    turned: (data) => take(parse(data), ""),
    ids: (data) => compare(data.split(" ")),
    head: (data) => by("board-head").replaceWith(parse(data)[0]),
    beat: (data) => {
      heard = Date.now();
      shown = data;
      showTime();
      settle();
    },
  };
  Object.keys(hear).forEach((name) => on(stream, name, (event) => hear[name](event.data)));
  setInterval(showTime, 1000);
  on(window, "pagehide", () => stream.close());
})();
