// Boards: menus by key, rows that are dragged onto beds, rows that change while somebody looks. Every page works without
// this file. SPDX-License-Identifier: Apache-2.0
(function () {
  "use strict";

  // ---- menus: a list of links that opens in a row becomes a menu ----
  function menuOf(node) { return node.closest && node.closest("details.al-menuof"); }
  function links(menu) { return Array.prototype.slice.call(menu.querySelectorAll("a")); }
  function close(menu, back) {
    menu.open = false;
    if (back) menu.querySelector("summary").focus();
  }
  function closeOthers(menu) {
    document.querySelectorAll("details.al-menuof[open]").forEach(function (other) {
      if (other !== menu) close(other);
    });
  }
  function place(menu) {
    var box = menu.querySelector(".al-menu");
    var at = menu.getBoundingClientRect();
    box.style.position = "fixed";
    box.style.left = Math.max(4, at.right - box.offsetWidth) + "px";
    box.style.top = Math.max(4, Math.min(at.bottom + 2, window.innerHeight - box.offsetHeight - 8)) + "px";
  }
  document.addEventListener("toggle", function (event) {
    var menu = menuOf(event.target);
    if (!menu || !menu.open) return;
    closeOthers(menu);
    var box = menu.querySelector(".al-menu");
    place(menu);
    box.querySelector("ul").setAttribute("role", "menu");
    box.querySelectorAll("li").forEach(function (item) { item.setAttribute("role", "none"); });
    links(menu).forEach(function (link) { link.setAttribute("role", "menuitem"); });
    links(menu)[0].focus();
  }, true);
  document.addEventListener("click", function (event) { closeOthers(menuOf(event.target)); });
  window.addEventListener("scroll", function () {
    document.querySelectorAll("details.al-menuof[open]").forEach(place);
  }, { passive: true });
  document.addEventListener("keydown", function (event) {
    var menu = menuOf(event.target);
    if (!menu || !menu.open) return;
    var all = links(menu);
    var at = all.indexOf(document.activeElement);
    var to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Escape") close(menu, true);
    else if (event.key === "Tab") { close(menu); return; }
    else if (to === undefined) return;
    else all[(to + all.length) % all.length].focus();
    event.preventDefault();
  });

  var print = document.querySelector("[data-print]");
  if (print) {
    print.hidden = false;
    print.addEventListener("click", function () { window.print(); });
  }

  var ward = document.getElementById("ward");
  if (!ward) return;

  // ---- names for passers-by; on a wall by itself after two minutes ----
  var privacy = document.getElementById("ward-private");
  function setPrivate(on) {
    document.body.classList.toggle("al-priv-on", on);
    privacy.setAttribute("aria-pressed", on);
  }
  privacy.addEventListener("click", function (event) {
    event.preventDefault();
    setPrivate(privacy.getAttribute("aria-pressed") !== "true");
  });
  privacy.addEventListener("keydown", function (event) {
    if (event.key !== " ") return;
    event.preventDefault();
    privacy.click();
  });
  if ("wall" in ward.dataset) {
    var idle;
    var wake = function () {
      clearTimeout(idle);
      idle = setTimeout(function () { setPrivate(true); }, 120000);
    };
    ["pointermove", "keydown"].forEach(function (kind) { document.addEventListener(kind, wake); });
    wake();
  }

  // ---- a row dragged onto a bed opens the form of a move ----
  var dragged = null;
  function bedRow(event) { return event.target.closest && event.target.closest("tr[data-bed]"); }
  ward.addEventListener("dragstart", function (event) {
    var row = event.target.closest("tr[data-stay]");
    dragged = row && row.dataset.stay;
    if (dragged) event.dataTransfer.setData("text/plain", row.querySelector(".al-bed").textContent.trim());
  });
  ward.addEventListener("dragend", function () {
    dragged = null;
    settle();
  });
  ["dragover", "dragleave", "drop"].forEach(function (kind) {
    ward.addEventListener(kind, function (event) {
      var row = bedRow(event);
      if (!dragged || !row || row.dataset.stay === dragged) return;
      event.preventDefault();
      row.classList.toggle("is-target", kind === "dragover");
      if (kind !== "drop") return;
      var query = "?stay=" + encodeURIComponent(dragged) + "&to=" + encodeURIComponent(row.dataset.bed);
      window.location.assign(ward.dataset.move + query);
    });
  });

  // ---- rows that change ----
  if (!window.EventSource || !ward.dataset.live) return;
  var asAt = document.getElementById("ward-asat");
  var board = document.getElementById("board");
  var more = document.getElementById("ward-more");
  var says = document.getElementById("ward-says");
  var shown = asAt.querySelector("time").textContent;
  var heard = Date.now();
  var held = {};
  var parse = function (html) {
    var into = document.createElement("template");
    into.innerHTML = html;
    return Array.prototype.slice.call(into.content.children);
  };
  // Nothing moves under the pointer, the focus or an open menu.
  function isBusy(row) {
    return dragged || row.matches(":hover") || row.contains(document.activeElement);
  }
  function put(old, fresh, time) {
    old.replaceWith(fresh);
    if (!time) return;
    var mark = document.createElement("span");
    mark.className = "al-sub al-changed";
    mark.textContent = "changed " + time;
    fresh.querySelector(".al-bed").append(mark);
    fresh.classList.add("is-changed");
    setTimeout(function () {
      fresh.classList.remove("is-changed");
      mark.remove();
    }, 60000);
  }
  function settle() {
    Object.keys(held).forEach(function (id) {
      var old = document.getElementById(id);
      if (old && isBusy(old)) return;
      if (old) put(old, held[id].row, held[id].time);
      delete held[id];
    });
    tell();
  }
  function take(rows, time) {
    rows.forEach(function (row) {
      var old = document.getElementById(row.id);
      if (!old || (!time && old.outerHTML === row.outerHTML)) return;
      held[row.id] = { row: row, time: time || (held[row.id] && held[row.id].time) };
    });
    settle();
  }
  var apart = 0;
  function tell() {
    var waiting = Object.keys(held).length;
    more.hidden = !waiting && !apart;
    if (more.hidden) return;
    more.textContent = "";
    if (waiting) more.append("The row that you are in has changed. It is shown when you leave it. ");
    if (!apart) return;
    var link = document.createElement("a");
    link.href = window.location.pathname + window.location.search;
    link.textContent = apart + (apart === 1 ? " row has come or gone: show" : " rows have come or gone: show");
    more.append(link);
  }
  function compare(ids) {
    if (!("all" in ward.dataset)) return;
    var own = Array.prototype.map.call(board.querySelectorAll("tr[id]"), function (row) { return row.id; });
    apart = ids.filter(function (id) { return own.indexOf(id) < 0; }).length
      + own.filter(function (id) { return ids.indexOf(id) < 0; }).length;
    if (apart && "wall" in ward.dataset) window.location.reload();
    if (apart) says.textContent = "Patients without a bed have come or gone.";
    tell();
  }
  function showTime() {
    var age = Date.now() - heard;
    asAt.className = age > 15000 ? "al-asat al-asat--stale" : "al-asat";
    asAt.firstChild.data = age > 15000 ? "Not updating. This is from " : "Live, as at ";
    asAt.querySelector("b").textContent = shown + (age > 15000 ? "." : "");
    board.classList.toggle("is-old", age > 300000);
  }
  ["focusout", "mouseout"].forEach(function (kind) {
    board.addEventListener(kind, function () { setTimeout(settle, 50); });
  });
  var stream = new window.EventSource(ward.dataset.live + "?at=" + ward.dataset.at);
  stream.addEventListener("rows", function (event) {
    var line = event.data.indexOf("\n");
    take(parse(event.data.slice(line + 1)), event.data.slice(0, line));
  });
  stream.addEventListener("turned", function (event) { take(parse(event.data), ""); });
  stream.addEventListener("ids", function (event) { compare(event.data.split(" ")); });
  stream.addEventListener("head", function (event) {
    document.getElementById("ward-head").replaceWith(parse(event.data)[0]);
  });
  stream.addEventListener("beat", function (event) {
    heard = Date.now();
    shown = event.data;
    showTime();
    settle();
  });
  setInterval(showTime, 1000);
  window.addEventListener("pagehide", function () { stream.close(); });
})();
