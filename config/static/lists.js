// Lists: ticking rows, moving through them by keys, choosing and ordering columns, waiting for an export.
(() => {
  "use strict";

  const rows = () => [...document.querySelectorAll("table.listing tbody tr")];
  const ticks = () => [...document.querySelectorAll("table.listing tbody input[name=row]")];
  const bar = () => document.getElementById("picked");

  // The button says how many rows are ticked; the server says on the next page how many of them will change.
  const count = () => {
    const button = bar()?.querySelector("button[data-many]");
    const all = document.querySelector("[data-picks-all]");
    if (!button) return;
    const chosen = ticks().filter((tick) => tick.checked).length;
    button.textContent = chosen === 1 ? button.dataset.one : button.dataset.many.replace("%s", chosen);
    if (!all) return;
    all.hidden = false;
    all.checked = chosen > 0 && chosen === ticks().length;
    all.indeterminate = chosen > 0 && chosen < ticks().length;
  };

  const tickAll = (on) => {
    ticks().forEach((tick) => { tick.checked = on; });
    count();
  };

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-picks-all]")) tickAll(event.target.checked);
    else if (event.target.matches("input[name=row]")) count();
  });
  document.addEventListener("reset", (event) => { if (event.target.id === "picked") setTimeout(count); });

  // Shift and a click tick all rows between this one and the last.
  let last = null;
  document.addEventListener("click", (event) => {
    if (!event.target.matches("input[name=row]")) return;
    const all = ticks();
    const [from, to] = [all.indexOf(last), all.indexOf(event.target)].sort((a, b) => a - b);
    if (event.shiftKey && from >= 0) all.slice(from, to + 1).forEach((tick) => { tick.checked = event.target.checked; });
    last = event.target;
    count();
  });

  // j and k go to the next and the previous row, x ticks it, e edits what is ticked; off where the reader wants no such keys.
  const current = () => rows().findIndex((row) => row.contains(document.activeElement));
  const go = (step) => {
    const all = rows();
    const place = current();
    const row = all[place < 0 ? 0 : Math.max(0, Math.min(all.length - 1, place + step))];
    row?.querySelector("th a, td a")?.focus();
  };
  const KEYS = {
    j: () => go(1),
    k: () => go(-1),
    x: () => {
      const tick = rows()[current()]?.querySelector("input[name=row]");
      if (tick) { tick.checked = !tick.checked; count(); }
    },
    e: () => { if (ticks().some((tick) => tick.checked)) bar()?.requestSubmit(); },
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input:not([type=checkbox]), select, textarea, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (!KEYS[event.key] || document.body.dataset.shortcuts === "off") return;
    event.preventDefault();
    KEYS[event.key]();
  });

  // The order of the columns is the order of their ticks.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-moves-up]");
    const item = button?.closest("li");
    if (!item?.previousElementSibling) return;
    item.previousElementSibling.before(item);
    button.focus();
  });

  // Addresses stay short: what is empty is not sent, unless it empties a filter of a saved view; columns go as one word.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-lean]")) return;
    if (!form.querySelector("[name=view]")) [...form.elements].forEach((field) => { if (field.name && !field.value) field.disabled = true; });
    if (!form.matches("[data-columns]")) return;
    const chosen = [...form.querySelectorAll("[name=columns]:checked")];
    chosen.slice(1).forEach((tick) => { tick.disabled = true; });
    if (chosen[0]) chosen[0].value = chosen.map((tick) => tick.value).join(",");
  });

  // The server says by a cookie that the file is on its way; until then the menu says what is going on.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-exports] a");
    if (!link) return;
    const token = String(Date.now());
    const address = new URL(link.href);
    address.searchParams.set("started", token);
    link.href = address;
    const menu = link.closest("[data-exports]");
    const note = document.createElement("div");
    note.setAttribute("role", "status");
    const words = document.createElement("p");
    words.textContent = menu.dataset.preparing;
    note.append(words, document.createElement("progress"));
    menu.append(note);
    const looking = setInterval(() => {
      if (!document.cookie.includes(`export-started=${token}`)) return;
      clearInterval(looking);
      note.remove();
    }, 400);
  });

  const prepare = () => {
    document.querySelectorAll("[data-moves-up]").forEach((button) => { button.hidden = false; });
    count();
  };
  document.addEventListener("htmx:afterSettle", prepare);
  window.addEventListener("pageshow", prepare);
  prepare();
})();
