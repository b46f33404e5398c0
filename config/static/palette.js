// The command palette (Ctrl-K): pages, partners and people by any part of their names, and what can be done.
(() => {
  "use strict";

  const palette = document.getElementById("palette");
  if (!palette) return;
  const input = palette.querySelector("input");
  const list = palette.querySelector("[role=listbox]");
  const WAIT = 200;
  const actions = [...list.querySelectorAll("[role=option]")];
  const write = list.querySelector("[data-write]");
  let timer, turn = 0, active = -1;

  const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/gi, "d").toLowerCase();
  const options = () => [...list.querySelectorAll("[role=option]:not([hidden])")];

  const move = (place) => {
    const all = options();
    active = all.length ? (place + all.length) % all.length : -1;
    list.querySelectorAll("[role=option]").forEach((option) => option.setAttribute("aria-selected", String(option === all[active])));
    if (active < 0) return input.removeAttribute("aria-activedescendant");
    all.forEach((option, index) => (option.id ||= `palette-option-${Date.now()}-${index}`));
    input.setAttribute("aria-activedescendant", all[active].id);
    all[active].scrollIntoView({ block: "nearest" });
    return undefined;
  };

  const filter = () => {
    const typed = input.value.trim();
    const words = fold(typed).split(/\s+/).filter(Boolean);
    actions.forEach((option) => (option.hidden = option === write ? !typed : !words.every((word) => fold(option.textContent).includes(word))));
    if (write) write.querySelector(".hint").textContent = typed;
    move(0);
  };

  const clear = () => list.querySelectorAll("[data-found]").forEach((found) => found.remove());

  async function ask() {
    const mine = ++turn;
    const typed = input.value.trim();
    if (!typed || !palette.dataset.url) return clear();
    const answer = await fetch(`${palette.dataset.url}?q=${encodeURIComponent(typed)}`, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (mine !== turn || !answer?.ok) return undefined;
    const found = document.createElement("template");
    found.innerHTML = await answer.text();
    clear();
    [...found.content.children].reverse().forEach((child) => {
      child.dataset.found = "yes";
      list.prepend(child);
    });
    return move(0);
  }

  const choose = (option) => {
    if (!option) return;
    palette.close();
    if (option === write) document.dispatchEvent(new CustomEvent("nhipcau:log", { detail: { text: input.value.trim() } }));
    else if (option.dataset.log) document.dispatchEvent(new CustomEvent("nhipcau:log", { detail: {} }));
    else if (option.dataset.href) location.assign(option.dataset.href);
  };

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (palette.open) return palette.close();
      input.value = "";
      clear();
      filter();
      palette.showModal();
      input.focus();
    }
    return undefined;
  });
  input.addEventListener("input", () => {
    filter();
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") move(active + 1);
    else if (event.key === "ArrowUp") move(active - 1);
    else if (event.key === "Enter") choose(options()[active]);
    else return;
    event.preventDefault();
  });
  list.addEventListener("click", (event) => choose(event.target.closest("[role=option]")));
})();
