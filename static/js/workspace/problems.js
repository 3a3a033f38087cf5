// What is wrong in a run: one list, in the page and on the timeline, walked by n and N.

export class Problems {
  constructor(box, url) {
    this.box = box;
    this.url = url;
  }

  // In order of events: { time, seq, hit (0: none), item }.
  get all() {
    const found = [...this.box.querySelectorAll("li[data-seq]")].map((item) => ({
      time: Number(item.dataset.time),
      seq: Number(item.dataset.seq),
      hit: Number(item.dataset.hit) || 0,
      words: item.querySelector("span")?.textContent.trim() ?? "",
      item,
    }));
    return found.sort((a, b) => a.seq - b.seq);
  }

  // The next one behind the event that is looked at, or before it.
  beside(by, seq) {
    const all = this.all;
    const here = this.chosen ? all.findIndex((problem) => problem.seq === this.chosen) : -1;
    if (here >= 0) return all[here + by] ?? null;
    if (by > 0) return all.find((problem) => problem.seq >= seq) ?? null;
    return all.findLast((problem) => problem.seq < seq) ?? null;
  }

  choose(problem) {
    this.chosen = problem?.seq ?? 0;
    for (const item of this.box.querySelectorAll("li[data-seq]")) {
      const here = Number(item.dataset.seq) === this.chosen;
      item.classList.toggle("is-here", here);
      if (here) {
        item.setAttribute("aria-current", "true");
        item.scrollIntoView({ block: "nearest" });
      } else item.removeAttribute("aria-current");
    }
  }

  async refresh() {
    const answer = await fetch(this.url, { credentials: "same-origin" });
    if (!answer.ok) return;
    this.box.replaceChildren(...new DOMParser().parseFromString(await answer.text(), "text/html").body.childNodes);
  }
}
