// The debugger in the dock: what viewers see of it, and the keys of the one who controls.
import { replaceBox } from "./swap.js";

const PAUSE = 800;
// A STATE frame may come this much later than the answer to a command that it tells of.
const SETTLE = 1000;
const STANDING = new Set(["attached", "stopped"]);

export class Debugger {
  constructor() {
    this.box = document.getElementById("debugger");
    this.list = document.getElementById("packets");
    this.tab = document.getElementById("p-gdb");
    this.words = document.getElementById("debugger-words");
    this.facts = null; // of the last STATE frame
    this.box?.addEventListener("swapped", () => {
      // What had the focus is gone with its form; the next step begins at the bar.
      if (document.activeElement === document.body) this.box.querySelector(".dbg-bar button")?.focus();
      this.settle();
    });
    this.list?.addEventListener("click", (event) => {
      const more = event.target.closest("[data-more]");
      if (!more) return;
      event.preventDefault();
      this.append();
    });
  }

  get panel() {
    return this.box?.firstElementChild;
  }

  get mine() {
    return Boolean(this.panel?.dataset.mine);
  }

  // A STATE frame: the words for everybody at once, the panel when it is out of date.
  set(state) {
    const facts = state.debugger ?? {};
    this.facts = facts;
    this.parked = state.parked;
    const reason = facts.reason ? `, ${facts.reason}` : "";
    this.words.textContent = facts.who ? `${facts.who} controls it (${facts.via}): ${facts.state}${reason}` : "";
    this.words.hidden = !facts.who;
    if (this.stale) this.refresh();
    if (!this.tab?.hidden) this.follow();
  }

  get stale() {
    return Boolean(this.facts && this.panel) && this.panel.dataset.mark !== mark(this.facts, this.parked);
  }

  // An answer and a STATE frame overtake each other: look again when both are there.
  settle() {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.stale && this.refresh(), SETTLE);
  }

  // Whoever types is not interrupted, nor is a command overtaken.
  get busy() {
    return this.loading || this.box.contains(document.activeElement?.closest("input:not([readonly]),select"));
  }

  async refresh() {
    if (this.busy) {
      this.settle();
      return;
    }
    this.loading = true;
    const shown = this.panel;
    const text = await ask(this.box.dataset.url);
    this.loading = false;
    if (text && !this.busy && this.panel === shown) this.replace(text);
    this.settle();
  }

  // The panel of now. What the last command was refused for stays until the next one.
  replace(text) {
    const refusal = this.box.querySelector(".dbg > [role=alert]");
    replaceBox(this.box, text);
    if (refusal) this.box.querySelector(".dbg-state")?.after(refusal);
  }

  // New packets, some at a time, while somebody looks.
  follow() {
    if (this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      this.append();
    }, PAUSE);
  }

  async append() {
    const rows = this.list.querySelectorAll("[data-seq]");
    const after = rows[rows.length - 1]?.dataset.seq ?? 0;
    const url = `${this.list.parentElement.dataset.url}?after=${after}`;
    const fresh = parsed(await ask(url));
    if (!fresh.querySelector("[data-seq]")) return;
    for (const old of this.list.querySelectorAll(".packet-more, .empty")) old.remove();
    this.list.append(...fresh.childNodes);
  }

  // Whether it was for the debugger: only the one who controls from here commands it.
  press(command) {
    const form = this.box?.querySelector("form.dbg-bar");
    if (!this.mine || !form) return false;
    this.send(form, command);
    return true;
  }

  async send(form, command) {
    const body = new FormData(form);
    body.set("do", command);
    const text = await ask(form.action, { method: "POST", body });
    if (text) replaceBox(this.box, text);
    this.settle();
  }

  toggle() {
    const state = this.facts?.state ?? (this.panel?.dataset.stopped ? "stopped" : "running");
    return this.press(STANDING.has(state) ? "continue" : "interrupt");
  }
}

// The text of a box; nothing when it cannot be had: the feed says that the line is lost.
async function ask(url, options = {}) {
  try {
    const answer = await fetch(url, { headers: { "X-Fragment": "1" }, credentials: "same-origin", ...options });
    return answer.ok ? await answer.text() : "";
  } catch {
    return "";
  }
}

function mark(facts, parked) {
  const parts = [facts.state, facts.who, facts.via, facts.reason].map((part) => part ?? "");
  return [...parts, (facts.breakpoints ?? []).length, parked ? "parked" : ""].join("|");
}

function parsed(text) {
  return new DOMParser().parseFromString(text, "text/html").body;
}
