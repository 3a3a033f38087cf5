// Choosing a hit: the server renders why, state and code; this swaps them in.
import { rove } from "./rove.js";

const RETRIES = 12;

export class MomentPane {
  constructor(fragment, onShown) {
    this.fragment = fragment;
    this.onShown = onShown;
    this.turn = 0;
    this.since = new URLSearchParams(location.search).get("since"); // stays from hit to hit
  }

  url(number, key, fragment = this.fragment) {
    const url = new URL(fragment.replace(/\/0\/$/, `/${number}/`), location.href);
    if (key) url.searchParams.set("moment", key);
    if (this.since) url.searchParams.set("since", this.since);
    return url;
  }

  async show(number, key = "", fragment = this.fragment) {
    this.turn += 1;
    const turn = this.turn;
    for (let attempt = 0; attempt < RETRIES && turn === this.turn; attempt += 1) {
      let answer;
      try {
        answer = await fetch(this.url(number, key, fragment), { credentials: "same-origin" });
      } catch {
        return false; // Offline: what is loaded stays.
      }
      if (turn !== this.turn) return false;
      if (answer.status === 200) {
        this.swap(await answer.text(), turn);
        this.onShown(number);
        return true;
      }
      // A live hit can be seen a moment before its chunk is stored.
      await new Promise((done) => setTimeout(done, 250 + 100 * attempt));
    }
    return false;
  }

  swap(text, turn) {
    if (turn !== this.turn) return;
    const page = new DOMParser().parseFromString(text, "text/html");
    for (const id of ["why-pane", "state-pane", "slots-pane", "code-pane"]) {
      const fresh = page.getElementById(id);
      const here = document.getElementById(id);
      if (!fresh || !here) continue;
      const scroll = here.querySelector(".pane-scroll")?.scrollTop ?? 0;
      here.replaceChildren(...fresh.childNodes);
      if (id === "state-pane") here.querySelector(".pane-scroll")?.scrollTo(0, scroll);
      rove(here);
    }
  }
}
