// What the pages cannot do without script: menus that close, dialogs, focus after a swap, shortcuts, spoken errors.
(() => {
  "use strict";

  const say = (text) => {
    const region = document.getElementById("spoken");
    if (region) region.textContent = text;
  };

  const closeMenus = (except) =>
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (menu !== except) menu.open = false;
    });

  document.addEventListener("click", (event) => {
    closeMenus(event.target.closest("details.menu"));
    const opener = event.target.closest("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens)?.showModal();
    if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
    event.target.closest("[data-dismiss]")?.closest(".notice")?.remove();
    if (event.target.closest("[data-prints]")) window.print();
  });

  // What has to be carried elsewhere to the letter is copied with one press, where the browser lets a page do so.
  if (navigator.clipboard) document.querySelectorAll("[data-copies]").forEach((button) => { button.hidden = false; });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copies]");
    if (!button) return;
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).value);
    button.lastChild.textContent = button.dataset.copied;
    say(button.dataset.copied);
  });

  // On a phone the row of pages is wider than the screen: the page that is open stands in sight.
  const place = document.querySelector(".places [aria-current]");
  const row = place?.closest("ul");
  if (row) row.scrollLeft += place.getBoundingClientRect().left - row.getBoundingClientRect().left - (row.clientWidth - place.offsetWidth) / 2;

  const isTyping = (element) => element.matches("input, select, textarea, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const menu = document.activeElement?.closest("details.menu[open]");
      closeMenus();
      menu?.querySelector("summary").focus();
    }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.closest("form[method=post]")?.requestSubmit();
    // Single-key shortcuts need the reader's hand off every field, and no modifier (WCAG 2.1.4).
    if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    const shortcut = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!shortcut || document.body.dataset.shortcuts === "off") return;
    event.preventDefault();
    if (shortcut.matches("input")) shortcut.focus();
    else shortcut.click();
  });

  // A form is sent once, however often the button is pressed.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });

  // Half a form is not lost by a slip of the thumb: the browser asks before it leaves what was typed.
  const LONG_FORM = "main form[method=post][novalidate]";
  const noteWriting = (event) => {
    const form = event.target.closest(LONG_FORM);
    if (form) form.dataset.touched = "yes";
  };
  document.addEventListener("input", noteWriting);
  document.addEventListener("change", noteWriting);
  document.addEventListener("click", (event) => {
    const leave = event.target.closest(".form-end a"); // “Back without change” says it already.
    if (leave?.closest(LONG_FORM)) leave.closest(LONG_FORM).removeAttribute("data-touched");
  });
  window.addEventListener("beforeunload", (event) => {
    if (document.querySelector(`${LONG_FORM}:is([data-touched], :has(.error-summary)):not([data-sent])`)) event.preventDefault();
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

  // After a swap the reader is taken to the first error, or to what asked for it by data-focus.
  document.addEventListener("htmx:afterSettle", (event) => {
    const target = event.detail.elt.querySelector("[data-focus], .error-summary");
    if (target) target.focus();
    // What was pressed is gone with the swap: the keyboard goes on from what came instead, not from the top of the page.
    else if (event.detail.requestConfig?.verb === "post" && document.activeElement === document.body) {
      const swapped = event.detail.elt;
      (swapped.querySelector(".notice button") || swapped.querySelector("button, a[href]"))?.focus();
    }
    const spoken = event.detail.elt.querySelector("[data-say]");
    if (spoken) say(spoken.textContent.trim());
  });

  const failed = (event) => {
    const words = document.body.dataset;
    const status = event.detail.xhr?.status;
    const text = status === 403 ? words.refused : status === 404 ? words.missing : status === 429 ? words.throttled : status ? words.failed : words.offline;
    const region = document.querySelector(".messages");
    if (!region || !text) return;
    const notice = document.createElement("div");
    notice.className = "notice error";
    notice.textContent = text;
    region.replaceChildren(notice);
  };
  document.addEventListener("htmx:responseError", failed);
  document.addEventListener("htmx:sendError", failed);

  const summary = document.querySelector(".error-summary");
  if (summary) summary.focus();
})();
