// Keys that make the keyboard quicker; every page works without this file. SPDX-License-Identifier: Apache-2.0
// "/" goes to the search box, "j" and "k" walk the rows of a list, Enter opens the row.
(function () {
  "use strict";

  // The account page turns the keys off and on; the choice stays with this browser.
  function keysAreOff() {
    return window.localStorage.getItem("almoner.keys") === "off";
  }

  function prepareSwitch() {
    var toggle = document.getElementById("keys-switch");
    if (!toggle) return;
    var show = function () {
      toggle.textContent = keysAreOff() ? "Turn these keys on" : "Turn these keys off";
    };
    toggle.hidden = false;
    show();
    toggle.addEventListener("click", function () {
      window.localStorage.setItem("almoner.keys", keysAreOff() ? "on" : "off");
      show();
    });
  }

  // A single letter is a key only when nobody is typing and the person has not turned keys off (WCAG 2.1.4).
  function listens(event) {
    var typing = event.target.closest("input, textarea, select, [contenteditable]");
    return !typing && !keysAreOff() && !event.ctrlKey && !event.metaKey && !event.altKey;
  }

  function rows() {
    return Array.prototype.slice.call(document.querySelectorAll("tr[data-row] a.al-rowlink"));
  }

  function step(by) {
    var all = rows();
    if (!all.length) return;
    var at = all.indexOf(document.activeElement);
    var next = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + by, 0), all.length - 1);
    all[next].focus();
  }

  // Results as they are typed. Until the answer to what is in the box has come, the rows below belong to another
  // question: they are dimmed and cannot be opened. The address follows the box, so that Back returns to both.
  function prepareFind() {
    var box = document.getElementById("q");
    var found = document.getElementById("found");
    if (!box || !found) return;
    var shown = box.value.trim();
    var settle = function () { found.classList.toggle("is-stale", box.value.trim() !== shown); };
    box.addEventListener("input", settle);
    document.addEventListener("htmx:after:swap", function () {
      shown = new URL(asking, window.location.href).searchParams.get("q").trim();
      window.history.replaceState(null, "", box.form.action + asking.slice(asking.indexOf("?")));
      settle();
    });
    var asking = "";
    box.addEventListener("htmx:before:request", function (event) { asking = event.detail.ctx.request.action; });
    var failed = function () {
      found.replaceChildren(document.getElementById("find-failed").content.cloneNode(true));
      shown = box.value.trim();
      settle();
    };
    box.addEventListener("htmx:response:error", function (event) {
      // A redirect to the sign-in page is on its way; it leads back here with what was typed.
      if (!event.detail.ctx.hx.redirect) failed();
    });
    box.addEventListener("htmx:error", failed);
  }

  // What is typed into a form goes to its draft two seconds after the last key; while it cannot, the page says so and
  // tries again. A form is not sent into a line that is down: the browser would leave the page and what was typed.
  function prepareDraft(form) {
    var kept = form.querySelector("[data-kept]");
    if (!kept) return;
    var timer = 0, reaches = false;
    var keep = function () {
      window.fetch(kept.dataset.kept, { method: "POST", body: new URLSearchParams(new FormData(form)) }).then(function (answer) {
        if (answer.status === 401) return "Not kept: you are signed out. Send the form; it waits until you sign in.";
        return answer.ok ? answer.text() : Promise.reject();
      }).catch(function () {
        later(10000);
        return "Not kept: no connection. Keep this page open.";
      }).then(function (words) { kept.textContent = words; });
    };
    var later = function (wait) {
      window.clearTimeout(timer);
      timer = window.setTimeout(keep, wait);
    };
    form.addEventListener("input", function () { later(2000); });
    form.addEventListener("submit", function (event) {
      window.clearTimeout(timer);
      if (reaches) return;
      event.preventDefault();
      var button = event.submitter;
      window.fetch("/health").then(function () {
        reaches = true;
        form.requestSubmit(button);
      }, function () {
        kept.textContent = "Not sent: no connection. What you typed is still here; send it again.";
        kept.classList.add("al-bad");
        later(10000);
      });
    });
  }

  // An NHS number is read in groups of 3, 3 and 4.
  function groupNumber(box) {
    box.addEventListener("input", function () {
      var digits = box.value.replace(/[\s-]/g, "");
      if (!/^\d{0,10}$/.test(digits) || box.selectionStart !== box.value.length) return;
      box.value = [digits.slice(0, 3), digits.slice(3, 6), digits.slice(6)].filter(Boolean).join(" ");
    });
  }

  // A board that renews itself leaves alone what somebody is using: an open menu, or whatever has the focus.
  function prepareBoard() {
    document.addEventListener("htmx:before:request", function (event) {
      var board = document.getElementById("ed-board");
      var isUsed = board && (board.querySelector("details[open]") || board.contains(document.activeElement));
      if (isUsed && event.target === board) event.preventDefault();
    });
  }

  // The home page asks for itself again, but not under the hands of somebody who is in it; and says when it could not.
  function prepareHome() {
    var isHome = function (event) { return event.target.id === "home-live"; };
    document.addEventListener("htmx:before:request", function (event) {
      if (isHome(event) && event.target.contains(document.activeElement)) event.preventDefault();
    });
    var failed = function (event) {
      var at = isHome(event) && document.getElementById("home-asat");
      if (!at || at.classList.contains("al-asat--stale")) return;
      at.classList.add("al-asat--stale");
      at.firstChild.textContent = "Not updating. This is from ";
    };
    document.addEventListener("htmx:response:error", failed);
    document.addEventListener("htmx:error", failed);
  }

  prepareSwitch();
  prepareHome();
  prepareFind();
  Array.prototype.forEach.call(document.querySelectorAll("form[data-draft]"), prepareDraft);
  Array.prototype.forEach.call(document.querySelectorAll("input[data-nhs]"), groupNumber);
  prepareBoard();

  document.addEventListener("keydown", function (event) {
    if (!listens(event)) return;
    if (event.key === "/") {
      var box = document.getElementById("q") || document.getElementById("find");
      if (!box) return;
      event.preventDefault();
      box.focus();
      box.select();
    } else if (event.key === "j") {
      step(1);
    } else if (event.key === "k") {
      step(-1);
    }
  });

  // From the search box the arrow key goes into the results, as a list under a box should.
  document.addEventListener("keydown", function (event) {
    if (event.key === "ArrowDown" && event.target.id === "q" && !document.querySelector(".is-stale") && rows().length) {
      event.preventDefault();
      rows()[0].focus();
    }
  });
})();
