// One tab stop per composite (tree, bit strip, bytes), arrows inside.
const MOVES = {
  tree: { ArrowDown: 1, ArrowUp: -1 },
  bits: { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 16, ArrowUp: -16 },
  bytes: { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 16, ArrowUp: -16 },
};

export function rove(root) {
  for (const host of root.querySelectorAll("[data-rove]")) {
    const moves = MOVES[host.dataset.rove];
    const items = () => [...host.querySelectorAll("[data-stop]")];
    const first = host.querySelector("[data-stop].is-diff") ?? items()[0];
    for (const item of items()) item.tabIndex = item === first ? 0 : -1;
    host.addEventListener("keydown", (event) => {
      const all = items();
      const at = all.indexOf(document.activeElement);
      const next = all[at + (moves[event.key] ?? 0)];
      if (at < 0 || !moves[event.key] || !next) return;
      event.preventDefault();
      event.stopPropagation();
      all[at].tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
  }
}
