// The drawer in which an exchange is logged: the line is read while it is typed, what was read stands as chips that
// open their controls, and an entry is kept in this browser, under the account, until the server has confirmed it.
(() => {
  "use strict";

  const drawer = document.getElementById("log-drawer");
  if (!drawer) return;
  const form = drawer.querySelector("form");
  const line = drawer.querySelector("#log-line");
  const reading = drawer.querySelector("#log-reading");
  const said = drawer.querySelector(".log-said");
  const toasts = document.getElementById("toasts");
  const STORE = `nhipcau.log.${drawer.dataset.account}`;
  const WAIT = 350;

  const uuid = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return [8, 12, 16, 20].reduceRight((text, at) => `${text.slice(0, at)}-${text.slice(at)}`, hex);
  };
  const localDay = () => new Date(Date.now() - new Date().getTimezoneOffset() * 60000).toISOString().slice(0, 10);
  const fresh = () => ({ key: uuid(), text: "", typedOn: localDay(), answers: {}, different: [], partner: "" });

  // --- What this browser keeps ------------------------------------------------------------------------------------
  const stored = () => {
    try {
      return { outbox: [], ...JSON.parse(localStorage.getItem(STORE)) };
    } catch {
      return { outbox: [] };
    }
  };
  const store = (kept) => {
    try {
      if (kept.entry || kept.outbox.length) localStorage.setItem(STORE, JSON.stringify(kept));
      else localStorage.removeItem(STORE);
    } catch {
      // A full or forbidden store: the entry lives as long as the page.
    }
  };
  let entry = stored().entry || fresh();
  const isBlank = () => !entry.text.trim() && !Object.values(entry.answers).some((values) => values.length);
  const keep = () => store({ ...stored(), entry: isBlank() ? undefined : entry });

  const bodyOf = (sent) => {
    const body = new URLSearchParams({ key: sent.key, text: sent.text, typed_on: sent.typedOn, partner: sent.partner || "" });
    Object.entries(sent.answers).forEach(([name, values]) => {
      body.append("corrected", name);
      values.forEach((value) => body.append(name, value));
    });
    sent.different.forEach((value) => body.append("different", value));
    if (sent.onlyKeep) body.append("only_keep", "yes");
    return body;
  };
  const post = (address, body) => fetch(address, { method: "POST", body, headers: { "HX-Request": "true", ...JSON.parse(document.body.getAttribute("hx-headers")) } });

  // --- Reading ----------------------------------------------------------------------------------------------------
  let timer, turn = 0;
  // The entry that was to be saved and is held up, and whether the next one was to follow.
  let held = {};

  const show = (html) => {
    const open = [...reading.querySelectorAll(".log-panel[id]:not([hidden])")].map((panel) => panel.id);
    const focused = reading.contains(document.activeElement) ? document.activeElement.id : "";
    reading.innerHTML = html;
    htmx.process(reading);
    reading.dispatchEvent(new CustomEvent("htmx:load", { bubbles: true, detail: { elt: reading } }));
    if (focused) open.forEach((id) => toggle(document.querySelector(`[aria-controls="${id}"]`), true));
    if (focused) document.getElementById(focused)?.focus();
  };

  const toggle = (chip, open) => {
    const panel = chip && document.getElementById(chip.getAttribute("aria-controls"));
    if (!panel) return;
    panel.hidden = !open;
    chip.setAttribute("aria-expanded", String(open));
  };

  async function read(address = drawer.dataset.read) {
    clearTimeout(timer);
    const mine = ++turn;
    const answer = await post(address, bodyOf(entry)).catch(() => null);
    if (mine !== turn) return;
    if (!answer) return say(drawer.dataset.unread, "warning");
    if (!answer.ok || !answer.headers.get("Entry-Key")) return;
    if (said.dataset.offline) say("");
    show(await answer.text());
    if (address !== drawer.dataset.read) {
      const state = JSON.parse(reading.querySelector("[data-entry]").dataset.entry);
      Object.assign(entry, state);
      keep();
    }
  }
  const readSoon = (wait = WAIT) => {
    clearTimeout(timer);
    timer = setTimeout(read, wait);
  };

  const say = (text, tone = "") => {
    said.replaceChildren();
    delete said.dataset.offline;
    if (!text) return;
    const notice = document.createElement("p");
    notice.className = `notice ${tone}`;
    notice.textContent = text;
    said.append(notice);
    if (text === drawer.dataset.unread || text === drawer.dataset.keptHere) said.dataset.offline = "yes";
  };

  line.addEventListener("input", () => {
    entry.text = line.value;
    held = {};
    if (isBlank()) entry = { ...fresh(), text: line.value, partner: entry.partner };
    keep();
    readSoon();
  });

  // --- Correcting -------------------------------------------------------------------------------------------------
  const valuesOf = (name) => {
    const inputs = [...reading.querySelectorAll(`[name="${name}"]`)].filter((input) => !["radio", "checkbox"].includes(input.type) || input.checked);
    return inputs.map((input) => input.value).filter((value) => value !== "");
  };
  const answer = (name, values) => {
    entry.answers[name] = values;
    keep();
  };
  const nameOf = (target) => {
    const box = target.closest("[data-combobox]");
    if (box) return box.querySelector("template").content.querySelector("input").name;
    return target.name === "kind_other" ? "kind" : target.name;
  };

  reading.addEventListener("input", (event) => {
    if (event.target.name) answer(nameOf(event.target), valuesOf(event.target.name));
  });
  reading.addEventListener("change", (event) => {
    const name = nameOf(event.target);
    if (!name) return;
    if (event.target.name === "kind_other") answer("kind", event.target.value ? [event.target.value] : []);
    else answer(name, valuesOf(name));
    if (name !== "outcome") readSoon(0);
  });
  reading.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.getAttribute("aria-controls")) return open(button);
    if (button.dataset.answer) answer(button.dataset.answer, button.dataset.values.split(" "));
    else if (button.dataset.different) entry.different.push(button.dataset.different);
    else if (button.dataset.join) return join(button.dataset.join);
    else return;
    keep();
    const isLast = button.dataset.different && reading.querySelectorAll(".near[data-ready] [data-different]").length === 1;
    line.focus();
    if (isLast && held.key === entry.key) return save(held.next);
    read();
  });

  const open = (chip) => {
    const isOpen = chip.getAttribute("aria-expanded") === "true";
    reading.querySelectorAll("[aria-controls][aria-expanded=true].chip").forEach((other) => toggle(other, false));
    toggle(chip, !isOpen);
    const panel = document.getElementById(chip.getAttribute("aria-controls"));
    if (!isOpen) panel.querySelector("input:checked, input:not([type=hidden]), select, textarea, button")?.focus();
  };

  const join = async (address) => {
    const done = await post(address, new URLSearchParams()).catch(() => null);
    if (!done?.ok) return say(document.body.dataset[done ? "refused" : "offline"], "error");
    entry = fresh();
    keep();
    reading.replaceChildren();
    drawer.close();
    toast(await done.text());
  };

  // --- Sending ----------------------------------------------------------------------------------------------------
  const toast = (html) => {
    const place = drawer.open ? said : toasts;
    place.innerHTML = html;
    htmx.process(place);
  };
  const drop = (key) => {
    const kept = stored();
    store({ ...kept, outbox: kept.outbox.filter((waiting) => waiting.key !== key), entry: kept.entry?.key === key ? undefined : kept.entry });
  };

  // Resolves to the state that the server confirmed, or to nothing where it did not: then the entry stays kept.
  async function send(sent) {
    const answer = await post(form.action, bodyOf(sent)).catch(() => null);
    const confirmed = answer?.ok && answer.headers.get("Entry-Key") === sent.key;
    if (!confirmed) return { lost: !answer, signedOut: Boolean(answer) && (answer.redirected || answer.status === 403) };
    drop(sent.key);
    return { state: answer.headers.get("Entry-State"), html: await answer.text() };
  }

  async function save(next) {
    if (isBlank()) return line.focus();
    clearTimeout(timer);
    turn++;
    const sent = structuredClone(entry);
    const kept = stored();
    store({ entry: undefined, outbox: [...kept.outbox.filter((waiting) => waiting.key !== sent.key), sent] });
    form.setAttribute("aria-busy", "true");
    say(drawer.dataset.sending);
    const result = await send(sent);
    form.removeAttribute("aria-busy");
    if (result.state === "logged") return saved(result.html, next);
    if (result.state) {
      say("");
      keep();
      held = { key: sent.key, next };
      show(result.html);
      reading.querySelector(".chip.missing, .chip.choose, .near button")?.focus();
      return undefined;
    }
    return waiting(result, next);
  }

  const saved = (html, next) => {
    entry = fresh();
    line.value = "";
    if (!next) drawer.close();
    say("");
    toast(html);
    if (!next) return;
    read();
    line.focus();
  };

  const waiting = (result, next) => {
    if (!result.lost && !result.signedOut) return say(document.body.dataset.failed, "error");
    entry = fresh();
    line.value = "";
    reading.replaceChildren();
    if (!next) drawer.close();
    showWaiting(result.signedOut ? drawer.dataset.signIn : drawer.dataset.keptHere);
    return undefined;
  };

  const showWaiting = (words) => {
    const notice = document.createElement("div");
    notice.className = "notice warning toast waiting";
    const list = document.createElement("ul");
    stored().outbox.forEach((sent) => list.append(Object.assign(document.createElement("li"), { textContent: sent.text })));
    notice.append(Object.assign(document.createElement("div"), { className: "grow" }));
    notice.firstChild.append(Object.assign(document.createElement("p"), { className: "strong", textContent: words }), list);
    (drawer.open ? said : toasts).replaceChildren(notice);
  };

  let flushing = false;
  async function flush() {
    if (flushing) return;
    flushing = true;
    for (const sent of stored().outbox) {
      const result = await send(sent);
      if (result.state === "logged") toast(result.html);
      else if (result.state) toasts.querySelector(".waiting")?.remove();
      else {
        if (result.lost || result.signedOut) showWaiting(result.signedOut ? drawer.dataset.signIn : drawer.dataset.keptHere);
        break;
      }
    }
    flushing = false;
  }
  window.addEventListener("online", () => {
    flush();
    if (drawer.open) readSoon(0);
  });
  if (stored().outbox.length) flush();

  // Whoever signs out leaves nothing behind on a shared machine: what waits is sent first, as drafts where it must be.
  document.addEventListener("submit", async (event) => {
    if (!event.target.action.endsWith(drawer.dataset.signOut) || !localStorage.getItem(STORE)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const kept = stored();
    await Promise.all([...kept.outbox, ...(kept.entry ? [{ ...kept.entry, onlyKeep: true }] : [])].map(send));
    store(stored());
    event.target.submit();
  }, true);

  let wantsNext = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save(wantsNext || event.submitter?.value === "next");
    wantsNext = false;
  });
  drawer.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    wantsNext = event.shiftKey && (event.ctrlKey || event.metaKey);
    if (event.target !== line || event.shiftKey || event.ctrlKey || event.metaKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  // In an open control 1 to 9 choose: a kind by its button, or one of several meanings.
  drawer.addEventListener("keydown", (event) => {
    if (!/^[1-9]$/.test(event.key) || event.ctrlKey || event.metaKey || event.altKey || document.body.dataset.shortcuts === "off") return;
    const isText = event.target.matches("textarea, select, input:not([type=radio])");
    const panel = !isText && reading.querySelector(".log-panel[id]:not([hidden])");
    const choices = panel ? [...panel.querySelectorAll("[data-answer]")] : [];
    const controls = choices.length ? choices : panel ? [...panel.querySelectorAll("input[type=radio], select")] : [];
    const control = controls[Number(event.key) - 1];
    if (!control) return;
    event.preventDefault();
    if (control.matches("select")) control.focus();
    else control.click();
  });

  // --- Opening ----------------------------------------------------------------------------------------------------
  function start({ text, partner } = {}) {
    if (text || partner) {
      if (text && !isBlank()) entry = fresh();
      if (text) entry.text = text;
      if (partner && isBlank()) entry = { ...fresh(), partner };
      keep();
    }
    line.value = entry.text;
    drawer.querySelector("[data-full]").search = new URLSearchParams(partner ? { partner } : {}).toString();
    if (!drawer.open) drawer.showModal();
    say("");
    line.focus();
    line.setSelectionRange(line.value.length, line.value.length);
    read();
  }

  document.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const again = event.target.closest("[data-again]");
    if (again) start({ text: again.dataset.again });
    const link = event.target.closest("a[href]");
    if (!link || link.hasAttribute("data-full") || link.pathname !== drawer.dataset.page || link.origin !== location.origin) return;
    const asked = new URLSearchParams(link.search);
    if ([...asked.keys()].some((name) => !["partner", "draft"].includes(name))) return;
    event.preventDefault();
    if (asked.has("draft")) startDraft(link.dataset);
    else start({ partner: asked.get("partner") });
  });
  const startDraft = ({ draft, draftText, draftRead }) => {
    entry = { ...fresh(), key: draft, text: draftText };
    line.value = draftText;
    drawer.showModal();
    line.focus();
    read(draftRead);
  };
  document.addEventListener("nhipcau:log", (event) => start(event.detail));
  // The long form takes over what was typed here.
  drawer.querySelector("[data-full]").addEventListener("click", (event) => {
    const address = new URL(event.currentTarget.href);
    if (entry.text.trim()) address.searchParams.set("line", entry.text);
    event.currentTarget.href = address;
  });
})();
