// The sheet of shortcuts. What has a key on the page is read from the page when the sheet opens, so that it is never out of date.
(() => {
  "use strict";

  const sheet = document.getElementById("shortcuts");
  if (!sheet) return;
  const blank = sheet.querySelector("[data-key-here]");

  const nameOf = (control) =>
    control.getAttribute("aria-label") || control.labels?.[0]?.textContent || control.textContent.trim() || control.title;

  const rowOf = (control) => {
    const row = blank.cloneNode(true);
    row.hidden = false;
    row.querySelector("kbd").textContent = control.dataset.key;
    row.querySelector("dd").textContent = nameOf(control);
    return row;
  };

  const fill = () => {
    const off = document.body.dataset.shortcuts === "off";
    const keyed = [...document.querySelectorAll("[data-key]")].filter((control) => control.checkVisibility());
    sheet.querySelector("[data-keys-off]").hidden = !off;
    sheet.querySelectorAll("[data-key-here]:not([hidden])").forEach((row) => row.remove());
    if (!off) blank.after(...keyed.map(rowOf));
    sheet.querySelectorAll("[data-needs], [data-single]").forEach((row) => {
      row.hidden = (off && "single" in row.dataset) || !document.querySelector(row.dataset.needs);
    });
  };

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-shows-keys]")) return;
    event.preventDefault();
    fill();
    sheet.showModal();
  });
})();
