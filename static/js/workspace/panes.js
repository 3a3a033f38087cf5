// Panes of which a person sets the size, by pointer or keys. Kept for this browser; an address wins.
const KEY = "hwbp-panes";
const STEP = 16;
const SIZES = { find: [320, 900], state: [360, 900], dock: [80, 900], lanes: [90, 540] };
const PANES = { find: ".pane-find", state: ".pane-state", dock: ".pane-dock", lanes: "#tl-body" };
const TALL = new Set(["dock", "lanes"]);
const BACK = new Set(["state", "dock"]); // their edge is before them
const NAMES = Object.keys(SIZES);

function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {}; // Private mode, or somebody else's words.
  }
}

// "find-state-dock-lanes", 0 for a size that nobody set.
function parsed(text) {
  const parts = (text ?? "").split("-").map(Number);
  if (parts.length !== NAMES.length || parts.some((part) => !Number.isInteger(part))) return null;
  return Object.fromEntries(NAMES.map((name, at) => [name, parts[at]]));
}

export class Panes {
  constructor(box, address) {
    this.box = box;
    this.address = address;
    this.sizes = parsed(address.get("panes")) ?? kept();
    this.splits = [...box.querySelectorAll("[data-split]")];
    for (const split of this.splits) {
      split.hidden = false;
      split.addEventListener("pointerdown", (event) => this.grab(event, split));
      split.addEventListener("keydown", (event) => this.key(event, split.dataset.split));
      split.addEventListener("dblclick", () => this.set(split.dataset.split, 0));
    }
    this.apply();
    new ResizeObserver(() => this.tell()).observe(box);
  }

  now(name) {
    const size = this.box.querySelector(PANES[name]).getBoundingClientRect();
    return Math.round(TALL.has(name) ? size.height : size.width);
  }

  // No pane may push another one out of the window.
  most(name) {
    const [, most] = SIZES[name];
    const main = document.getElementById("main");
    if (name === "dock") return Math.min(most, main.clientHeight - 120);
    if (name === "lanes") return Math.min(most, this.now(name) + main.clientHeight - 300);
    const other = this.now(name === "find" ? "state" : "find");
    return Math.min(most, main.clientWidth - other - 300);
  }

  set(name, size) {
    const [least] = SIZES[name];
    this.sizes[name] = size ? Math.round(Math.max(least, Math.min(this.most(name), size))) : 0;
    this.apply();
    try {
      localStorage.setItem(KEY, JSON.stringify(this.sizes));
    } catch {
      // Private mode: the size lasts for this page.
    }
    const chosen = NAMES.map((each) => this.sizes[each] ?? 0);
    this.address.put({ panes: chosen.some(Boolean) ? chosen.join("-") : null });
  }

  apply() {
    for (const name of NAMES) {
      const [least, most] = SIZES[name];
      const size = Number(this.sizes[name]) || 0;
      if (size) this.box.style.setProperty(`--${name}`, `${Math.max(least, Math.min(most, size))}px`);
      else this.box.style.removeProperty(`--${name}`);
    }
    this.tell();
  }

  tell() {
    for (const split of this.splits) split.setAttribute("aria-valuenow", this.now(split.dataset.split));
  }

  grab(event, split) {
    event.preventDefault();
    split.focus();
    split.setPointerCapture(event.pointerId);
    const name = split.dataset.split;
    const began = { x: event.clientX, y: event.clientY, size: this.now(name) };
    const move = (to) => {
      const by = (TALL.has(name) ? to.clientY - began.y : to.clientX - began.x) * (BACK.has(name) ? -1 : 1);
      this.set(name, began.size + by);
    };
    split.addEventListener("pointermove", move);
    split.addEventListener("lostpointercapture", () => split.removeEventListener("pointermove", move), { once: true });
  }

  key(event, name) {
    const keys = TALL.has(name) ? ["ArrowDown", "ArrowUp"] : ["ArrowRight", "ArrowLeft"];
    const by = [STEP, -STEP][keys.indexOf(event.key)] * (BACK.has(name) ? -1 : 1);
    if (by) this.set(name, this.now(name) + by);
    else if (event.key === "Home") this.set(name, SIZES[name][0]);
    else if (event.key === "End") this.set(name, this.most(name));
    else if (event.key === "Enter") this.set(name, 0);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
