// The run's state in the top bar and the status bar, and the commands that change it.
import { grouped } from "./format.js";

// As sessions_app/views/pages.py says them.
const STUCK = new Set(["livelock", "restops"]);
const WORDS = { restops: "stops for ever" };
const OVER = new Set(["finished", "failed", "cancelled"]);

export class RunState {
  constructor(ws) {
    this.ws = ws;
    this.form = document.getElementById("run-control");
    this.form?.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send(event.submitter?.dataset.command ?? "cancel");
    });
  }

  get over() {
    return OVER.has(this.ws.dataset.state);
  }

  say(text) {
    const line = document.getElementById("s-stream");
    if (line) line.textContent = text;
  }

  set(state) {
    this.ws.dataset.state = state.state;
    const shown = document.getElementById("run-state");
    const outcome = state.outcome ?? "";
    const shape = STUCK.has(outcome) ? "livelock" : state.state === "cancelled" ? "finished" : state.state;
    shown.dataset.s = shape;
    const words = outcome && outcome !== "completed" ? (WORDS[outcome] ?? outcome.replaceAll("_", " ")) : state.state;
    const said = state.place ? `queued, place ${state.place}` : state.parked ? "parked" : words;
    // It is a live region: what is said already is not said again.
    if (shown.textContent !== said) shown.textContent = said;
    if (this.form) {
      this.form.hidden = this.over;
      this.form.querySelector("[data-command=pause]").hidden = state.state !== "running";
      this.form.querySelector("[data-command=resume]").hidden = state.state !== "paused";
    }
    this.counts(state);
    if (state.digest) {
      const digest = document.getElementById("s-digest");
      digest.hidden = false;
      digest.title = state.digest;
      digest.textContent = `digest ${state.digest.slice(0, 4)} ${state.digest.slice(4, 8)}`;
    }
    if (this.over) this.say("trace complete");
  }

  counts(state) {
    if (state.events !== undefined) this.bar("events", state.events, this.ws.dataset.limitEvents);
    if (state.retired !== undefined) this.bar("retired", state.retired, this.ws.dataset.limitInstructions);
    if (state.hits !== undefined) this.number("s-hits", state.hits);
  }

  progress(seq, hits) {
    this.bar("events", seq, this.ws.dataset.limitEvents);
    this.number("s-hits", hits);
    this.say(`cursor ${grouped(seq)}`);
    const count = document.getElementById("q-n");
    if (count && !document.getElementById("q").value) count.textContent = grouped(hits);
  }

  number(id, value) {
    const node = document.getElementById(id);
    if (node) node.textContent = grouped(value);
  }

  bar(name, value, limit) {
    this.number(`s-${name}`, value);
    const full = Math.min(100, Math.max(value ? 1 : 0, (100 * Number(value)) / Number(limit)));
    document.getElementById(`m-${name}`)?.setAttribute("width", String(full));
  }

  toggle() {
    if (!this.form || this.over) return;
    this.send(this.ws.dataset.state === "paused" ? "resume" : "pause");
  }

  async send(command) {
    const answer = await fetch(this.form.dataset[command], {
      method: "POST",
      body: new FormData(this.form),
      headers: { "X-Fragment": "1" },
      credentials: "same-origin",
    });
    if (!answer.ok) this.say(`${command} was refused`);
  }
}
