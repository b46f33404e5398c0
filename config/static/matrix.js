// The coverage matrix: what a cell counts, by mouse, key and thumb; and the table to the clipboard with one press.
(() => {
  "use strict";

  const WAIT = 220;
  const popover = () => document.getElementById("cell-popover");
  const cellOf = (element) => element.closest?.("table.matrix [data-cell]");
  let opener = null;
  let waiting = 0;

  const close = (back) => {
    clearTimeout(waiting);
    const panel = popover();
    if (panel) panel.hidden = true;
    opener?.removeAttribute("aria-expanded");
    if (back) opener?.focus();
    opener = null;
  };

  // Under the cell, or over it where there is no room; on a narrow screen the stylesheet lays it at the foot.
  const place = (panel, cell) => {
    const box = cell.getBoundingClientRect();
    const room = window.innerHeight - box.bottom;
    const below = room > panel.offsetHeight + 8 || box.top < panel.offsetHeight + 8;
    panel.style.top = `${below ? box.bottom + 4 : box.top - panel.offsetHeight - 4}px`;
    panel.style.left = `${Math.max(8, Math.min(box.left, window.innerWidth - panel.offsetWidth - 8))}px`;
  };

  const open = async (cell, moves) => {
    const panel = popover();
    if (!panel) return;
    if (opener !== cell) {
      close();
      opener = cell;
      const address = `${cell.closest("table").dataset.cells}&cell=${encodeURIComponent(cell.dataset.cell)}`;
      await window.htmx.ajax("GET", address, { target: panel, swap: "innerHTML" });
      if (opener !== cell) return;
      cell.setAttribute("aria-expanded", "true");
    }
    panel.hidden = false;
    place(panel, cell);
    if (moves) (panel.querySelector("a") || panel).focus();
  };

  const soon = (cell) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => open(cell), WAIT);
  };

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse") return;
    const cell = cellOf(event.target);
    if (cell && cell !== opener) soon(cell);
    else if (!cell && !event.target.closest("#cell-popover")) {
      clearTimeout(waiting);
      if (opener) waiting = setTimeout(() => { if (!popover()?.matches(":hover, :focus-within")) close(); }, WAIT * 2);
    } else clearTimeout(waiting);
  });
  document.addEventListener("focusin", (event) => {
    const cell = cellOf(event.target);
    if (cell?.matches(":focus-visible")) soon(cell);
    else if (!event.target.closest("#cell-popover")) close();
  });

  // A thumb has no way of hovering: the first tap shows, the list opens from what is shown.
  let touched = false;
  document.addEventListener("pointerdown", (event) => { touched = event.pointerType !== "mouse"; });
  document.addEventListener("click", (event) => {
    const cell = cellOf(event.target);
    if (cell && (touched || cell.getAttribute("href").startsWith("#"))) {
      event.preventDefault();
      open(cell);
    } else if (event.target.closest("[data-closes-cell]")) close(true);
    else if (!cell && !event.target.closest("#cell-popover")) close();
  });

  const step = (cell, down, across) => {
    const cells = [...cell.closest("tr").children];
    const column = cells.indexOf(cell.closest("td"));
    const rows = [...cell.closest("tbody").rows];
    let row = rows.indexOf(cell.closest("tr"));
    let place = column;
    for (;;) {
      row += down;
      place += across;
      const next = rows[row]?.children[place];
      if (!next) return;
      const link = next.querySelector("[data-cell]");
      if (link) return void link.focus();
    }
  };
  const STEPS = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && opener) return close(true);
    const cell = cellOf(event.target);
    if (!cell || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " ") {
      event.preventDefault();
      clearTimeout(waiting);
      open(cell, true);
    } else if (STEPS[event.key]) {
      event.preventDefault();
      step(cell, ...STEPS[event.key]);
    }
  });
  window.addEventListener("scroll", () => { if (opener && !popover()?.matches(":focus-within, :hover")) close(); }, { passive: true });
  document.addEventListener("htmx:beforeSwap", (event) => { if (event.detail.target.id === "coverage") close(); });

  // What is seen, as rows of cells parted by tabs: spreadsheets and word processors make a table of it.
  const words = (cell) => {
    const copy = cell.cloneNode(true);
    copy.querySelectorAll(".visually-hidden").forEach((hidden) => hidden.remove());
    copy.querySelectorAll(".under, .sign, .then, .move").forEach((part) => part.append(" "));
    copy.querySelectorAll(".under, .move").forEach((part) => part.prepend(" "));
    const text = copy.textContent.replace(/\s+/g, " ").trim();
    return /^[=+@-]/.test(text) ? `'${text}` : text;
  };
  const asTable = (table) => [...table.rows].map((row) => [...row.cells].map(words).join("\t")).join("\n");
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copies-table]");
    if (!button) return;
    await navigator.clipboard.writeText(asTable(document.getElementById(button.dataset.copiesTable)));
    const spoken = document.getElementById("spoken");
    if (spoken) spoken.textContent = button.dataset.copied;
    const label = button.innerHTML;
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.innerHTML = label; }, 2500);
  });
  const offer = () => {
    if (navigator.clipboard) document.querySelectorAll("[data-copies-table]").forEach((button) => { button.hidden = false; });
  };
  document.addEventListener("htmx:afterSettle", offer);
  offer();
})();
