// Keys that make the keyboard quicker; every page works without this file. SPDX-License-Identifier: Apache-2.0
// "/" goes to the search box, "j" and "k" walk the rows of a list, Enter opens the row.
(() => {
  "use strict";
  const by = (id) => document.getElementById(id);
  const each = (what, act) => document.querySelectorAll(what).forEach(act);
  const on = (node, name, act) => node.addEventListener(name, act);

  // The account page turns the keys off and on; the choice stays with this browser.
  const keysAreOff = () => localStorage.getItem("almoner.keys") === "off";
  const toggle = by("keys-switch");
  if (toggle) {
    const show = () => (toggle.textContent = keysAreOff() ? "Turn these keys on" : "Turn these keys off");
    toggle.hidden = false;
    show();
    on(toggle, "click", () => {
      localStorage.setItem("almoner.keys", keysAreOff() ? "on" : "off");
      show();
    });
  }

  // Results as they are typed. Until the answer to what is in the box has come, the rows below belong to another
  // question: they are dimmed and cannot be opened. The address follows the box, so that Back returns to both.
  const prepareFind = (box, found) => {
    let asking = "";
    let shown = box.value.trim();
    const settle = () => found.classList.toggle("is-stale", box.value.trim() !== shown);
    const failed = () => {
      found.replaceChildren(by("find-failed").content.cloneNode(true));
      shown = box.value.trim();
      settle();
    };
    on(box, "input", settle);
    on(document, "htmx:after:swap", () => {
      shown = new URL(asking, location.href).searchParams.get("q").trim();
      history.replaceState(null, "", box.form.action + asking.slice(asking.indexOf("?")));
      settle();
    });
    on(box, "htmx:before:request", (event) => (asking = event.detail.ctx.request.action));
    // A redirect to the sign-in page is on its way; it leads back here with what was typed.
    on(box, "htmx:response:error", (event) => event.detail.ctx.hx.redirect || failed());
    on(box, "htmx:error", failed);
  };
  if (by("q") && by("found")) prepareFind(by("q"), by("found"));

  // What is typed into a form goes to its draft two seconds after the last key; while it cannot, the page says so and
  // tries again. A form is not sent into a line that is down: the browser would leave the page and what was typed.
  each("form[data-draft]", (form) => {
    const kept = form.querySelector("[data-kept]");
    if (!kept) return;
    let timer = 0;
    let reaches = false;
    const later = (wait) => {
      clearTimeout(timer);
      timer = setTimeout(keep, wait);
    };
    const keep = () => fetch(kept.dataset.kept, { method: "POST", body: new URLSearchParams(new FormData(form)) }).then((answer) => {
      if (answer.status === 401) return "Not kept: you are signed out. Send the form; it waits until you sign in.";
      return answer.ok ? answer.text() : Promise.reject();
    }).catch(() => {
      later(10000);
      return "Not kept: no connection. Keep this page open.";
    }).then((words) => (kept.textContent = words));
    on(form, "input", () => later(2000));
    on(form, "submit", (event) => {
      clearTimeout(timer);
      if (reaches) return;
      event.preventDefault();
      const button = event.submitter;
      fetch("/health").then(() => {
        reaches = true;
        form.requestSubmit(button);
      }, () => {
        kept.textContent = "Not sent: no connection. What you typed is still here; send it again.";
        kept.classList.add("al-bad");
        later(10000);
      });
    });
  });

  // An NHS number is read in groups of 3, 3 and 4.
  each("input[data-nhs]", (box) => on(box, "input", () => {
    const digits = box.value.replace(/[\s-]/g, "");
    if (!/^\d{0,10}$/.test(digits) || box.selectionStart !== box.value.length) return;
    box.value = [digits.slice(0, 3), digits.slice(3, 6), digits.slice(6)].filter(Boolean).join(" ");
  }));

  // The home page asks for itself again, but not under the hands of somebody who is in it; and says when it could not.
  const isHome = (event) => event.target.id === "home-live";
  const homeFailed = (event) => {
    const at = isHome(event) && by("home-asat");
    if (!at || at.classList.contains("al-asat--stale")) return;
    at.classList.add("al-asat--stale");
    at.firstChild.textContent = "Not updating. This is from ";
  };
  on(document, "htmx:before:request", (event) => {
    if (isHome(event) && event.target.contains(document.activeElement)) event.preventDefault();
  });
  on(document, "htmx:response:error", homeFailed);
  on(document, "htmx:error", homeFailed);

  const rows = () => [...document.querySelectorAll("tr[data-row] a.al-rowlink")];
  const step = (by) => {
    const all = rows();
    const at = all.indexOf(document.activeElement);
    const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1);
    if (all.length) all[next].focus();
  };
  on(document, "keydown", (event) => {
    // From the search box the arrow key goes into the results, as a list under a box should.
    if (event.key === "ArrowDown" && event.target.id === "q" && !document.querySelector(".is-stale") && rows().length) {
      event.preventDefault();
      rows()[0].focus();
    }
    // A single letter is a key only when nobody is typing and the person has not turned keys off (WCAG 2.1.4).
    const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
    if (isTyping || keysAreOff() || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "j") step(1);
    if (event.key === "k") step(-1);
    const box = event.key === "/" && (by("q") || by("find"));
    if (!box) return;
    event.preventDefault();
    box.focus();
    box.select();
  });
})();
