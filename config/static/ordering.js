// Lines of a form that are dragged into order; dropped, the form is sent. The arrows beside each line do the same by keyboard.
(() => {
  "use strict";

  let dragged = null;
  let moved = false;
  const lineOf = (event) => event.target.closest?.("form[data-orders] li[draggable]");

  document.addEventListener("dragstart", (event) => {
    dragged = lineOf(event);
    if (!dragged) return;
    moved = false;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", "");
    dragged.classList.add("dragged");
  });

  document.addEventListener("dragover", (event) => {
    const over = lineOf(event);
    if (!dragged || !over || over.parentElement !== dragged.parentElement) return;
    event.preventDefault();
    if (over === dragged) return;
    const box = over.getBoundingClientRect();
    const below = event.clientY > box.top + box.height / 2;
    const place = below ? over.nextSibling : over;
    if (place !== dragged && place !== dragged.nextSibling) {
      over.parentElement.insertBefore(dragged, place);
      moved = true;
    }
  });

  document.addEventListener("drop", (event) => {
    if (dragged) event.preventDefault();
  });

  document.addEventListener("dragend", () => {
    if (!dragged) return;
    dragged.classList.remove("dragged");
    if (moved) dragged.closest("form").dispatchEvent(new CustomEvent("ordered", { bubbles: true }));
    dragged = null;
  });
})();
