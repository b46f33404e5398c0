// A box in which one or more records are picked by typing: crm.forms.Combobox writes its markup.
// The address in data-url answers ?q=… with <li role="option" data-value="…">; the choice is kept in hidden inputs.
(() => {
  "use strict";

  const WAIT = 180;

  function start(box) {
    const input = box.querySelector("[role=combobox]");
    const list = box.querySelector("[role=listbox]");
    const chosen = box.querySelector(".combobox-chosen");
    const many = box.dataset.many === "yes";
    let timer, asked = 0, active = -1;

    const options = () => [...list.querySelectorAll("[role=option]")];
    const close = () => {
      list.hidden = true;
      active = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };

    async function ask() {
      const turn = ++asked;
      const answer = await fetch(`${box.dataset.url}?q=${encodeURIComponent(input.value)}`, { headers: { "HX-Request": "true" } }).catch(() => null);
      if (turn !== asked || !answer?.ok) return;
      list.innerHTML = await answer.text();
      options().forEach((option, place) => (option.id = `${list.id}-${place}`));
      list.hidden = list.childElementCount === 0;
      input.setAttribute("aria-expanded", String(!list.hidden));
      move(options().length ? 0 : -1);
    }

    function move(place) {
      const all = options();
      active = all.length ? (place + all.length) % all.length : -1;
      all.forEach((option, index) => option.setAttribute("aria-selected", String(index === active)));
      if (active < 0) return input.removeAttribute("aria-activedescendant");
      input.setAttribute("aria-activedescendant", all[active].id);
      all[active].scrollIntoView({ block: "nearest" });
    }

    function choose(option) {
      const value = option.dataset.value;
      if (!many) chosen.replaceChildren();
      if (![...chosen.querySelectorAll("input")].some((kept) => kept.value === value)) {
        const chip = box.querySelector("template").content.cloneNode(true);
        const label = option.dataset.label || option.textContent.trim();
        chip.querySelector("input").value = value;
        chip.querySelector(".label").textContent = label;
        chip.querySelector("button").setAttribute("aria-label", `${box.dataset.remove} ${label}`);
        chosen.append(chip);
      }
      input.value = "";
      close();
      input.focus();
      box.dispatchEvent(new Event("change", { bubbles: true }));
    }

    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => (input.value.trim() ? ask() : close()), WAIT);
    });
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" && list.hidden) ask();
      else if (event.key === "ArrowDown") move(active + 1);
      else if (event.key === "ArrowUp") move(active - 1);
      else if (event.key === "Enter" && !list.hidden && active >= 0) choose(options()[active]);
      else if (event.key === "Escape" && !list.hidden) close();
      else if (event.key === "Backspace" && input.value === "" && chosen.lastElementChild) {
        chosen.lastElementChild.remove();
        box.dispatchEvent(new Event("change", { bubbles: true }));
      }
      else return;
      if (event.key !== "Backspace") event.preventDefault();
    });
    input.addEventListener("blur", () => setTimeout(close, 150));
    list.addEventListener("pointerdown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) choose(option);
    });
    chosen.addEventListener("click", (event) => {
      if (!event.target.closest("button")) return;
      event.target.closest(".chip").remove();
      input.focus();
      box.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }

  const startAll = (root) => root.querySelectorAll("[data-combobox]:not([data-started])").forEach((box) => {
    box.dataset.started = "yes";
    start(box);
  });
  startAll(document);
  document.addEventListener("htmx:load", (event) => startAll(event.detail.elt.parentElement || document));
})();
