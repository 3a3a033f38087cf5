// The memory tab: read when it is looked at, again when the moment changes.
import { rove } from "./rove.js";

export class MemoryTab {
  constructor(say) {
    this.box = document.getElementById("memory-pane");
    this.panel = document.getElementById("p-mem");
    this.say = say;
    this.turn = 0;
    this.query = null; // { hit | event } of the moment
    this.shown = "";
    this.kept = {}; // address and comparison, from moment to moment
    new MutationObserver(() => this.look()).observe(this.panel, { attributeFilter: ["hidden"] });
    this.box.addEventListener("submit", (event) => {
      event.preventDefault();
      const form = new FormData(event.target);
      this.kept = { at: form.get("at"), since: form.get("since") };
      this.look();
    });
    this.box.addEventListener("change", (event) => event.target.closest("select")?.form.requestSubmit());
    this.box.addEventListener("click", (event) => {
      const link = event.target.closest("[data-memory-at]");
      if (!link || event.metaKey || event.ctrlKey) return;
      event.preventDefault();
      this.kept.at = link.dataset.memoryAt;
      this.look();
    });
  }

  moment(query) {
    this.query = query;
    this.look();
  }

  look() {
    if (this.panel.hidden || !this.query) return;
    const url = new URL(this.box.dataset.memoryUrl, location.href);
    for (const [name, value] of Object.entries({ ...this.query, ...this.kept })) if (value) url.searchParams.set(name, value);
    if (url.href === this.shown) return;
    this.shown = url.href;
    this.read(url);
  }

  async read(url) {
    this.turn += 1;
    const turn = this.turn;
    const wait = setTimeout(() => this.say("doing the run again up to this moment…"), 150);
    try {
      const answer = await fetch(url, { headers: { "X-Fragment": "1" }, credentials: "same-origin" });
      if (turn !== this.turn) return;
      if (!answer.ok) throw new Error(String(answer.status));
      const typing = this.box.contains(document.activeElement) ? document.activeElement.id : "";
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (turn !== this.turn) return;
      this.box.replaceChildren(...page.body.childNodes);
      rove(this.box);
      if (typing) document.getElementById(typing)?.focus();
      this.say("memory of this moment");
    } catch {
      this.shown = ""; // asked again when the tab is chosen again
      this.say("memory could not be read; what is loaded stays");
    } finally {
      clearTimeout(wait);
    }
  }
}
