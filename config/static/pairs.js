// Keys of the queue of likely duplicates (j k m n l a), and of the merge page (1 2 b in a row of fields).
(() => {
  "use strict";

  const off = (event) => event.ctrlKey || event.metaKey || event.altKey || document.body.dataset.shortcuts === "off";
  const typing = (element) => element.matches("input:not([type=radio]), select, textarea");

  const inQueue = (event) => {
    const list = document.querySelector("[data-pairs]");
    if (!list) return;
    const pairs = [...list.querySelectorAll(".pair")];
    const here = pairs.indexOf(document.activeElement.closest(".pair"));
    if (event.key === "j" || event.key === "k") {
      const step = event.key === "j" ? 1 : -1;
      pairs[Math.min(Math.max(here + step, 0), pairs.length - 1)]?.focus();
      event.preventDefault();
      return;
    }
    const control = here >= 0 && pairs[here].querySelector(`[data-pair-key="${CSS.escape(event.key)}"]`);
    if (!control) return;
    event.preventDefault();
    control.click();
    if (event.key !== "m") pairs[here + 1]?.focus();
  };

  const inFields = (event) => {
    const rows = [...document.querySelectorAll("tr[data-choices]:has(input[type=radio])")];
    const here = rows.indexOf(document.activeElement.closest("tr[data-choices]"));
    const row = rows[Math.max(here, 0)];
    const radio = row?.querySelector(`[data-choice="${CSS.escape(event.key)}"]`);
    if (!radio) return;
    event.preventDefault();
    radio.checked = true;
    (rows[rows.indexOf(row) + 1]?.querySelector("input:checked") || radio).focus();
  };

  document.addEventListener("keydown", (event) => {
    if (off(event) || typing(event.target)) return;
    inQueue(event);
    inFields(event);
  });
})();
