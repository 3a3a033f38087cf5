// Columns of the hits table: which there are, which are shown.
import { element, grouped, hex, icon, seconds, slotIcon, symbol } from "../format.js";

const EXECUTE = 4;
const KEY = "hwbp-columns";
const GAP = 4; // as .hit in components.css
const EDGE = 12;
const SEVERE = { fault: "v is-fault", caution: "v is-caution", ok: "v" };

function byCell(hit, source) {
  const cell = element("span", "by");
  if (source.noted(hit.number)) cell.append(icon("pin", "ic pin"));
  const name = hit.at ?? source.at(hit);
  cell.title = name;
  cell.append(symbol(name));
  return cell;
}

function slotCell(hit, source) {
  const cell = element("span", "k");
  cell.append(slotIcon(hit.slot), source.letters(hit));
  return cell;
}

// Against the hit before of the same slot: an arrow and a word, not colour alone.
function valueCell(hit) {
  const text = hit.flags & EXECUTE ? "" : hex(hit.value);
  const cell = element("span", "r", text);
  cell.title = text;
  const other = text && hit.was !== undefined && hit.was !== null && hit.was !== hit.value;
  if (!other) return cell;
  const before = hex(hit.was);
  cell.classList.add("is-changed");
  cell.title = `${text}, was ${before}`;
  cell.replaceChildren(...digits(text, before), element("span", "vh", " changed"));
  return cell;
}

// The digits that are others than before, as a tree marks them.
function digits(text, before) {
  let same = 2;
  while (text.length === before.length && text[same] === before[same]) same += 1;
  return [text.slice(0, same), element("em", "chg", text.slice(same))];
}

function verdictCell(hit) {
  if (hit.verdict === undefined) return element("span", "skel");
  const cell = element("span", SEVERE[hit.severity] ?? "v");
  if (hit.severity !== "ok") cell.append(icon(hit.severity === "fault" ? "fault" : "warn"));
  cell.title = hit.verdict;
  cell.append(hit.verdict);
  return cell;
}

const mono = (text, css = "") => {
  const cell = element("span", css, text);
  cell.title = text;
  return cell;
};

export const COLUMNS = {
  hit: { least: 54, head: "hit", wide: "54px", cell: (hit) => element("span", "", grouped(hit.number)) },
  time: { least: 96, head: "time, s", css: "t", wide: "96px", cell: (hit) => element("span", "t", seconds(hit.time)) },
  cpu: { least: 22, head: "cpu", wide: "22px", cell: (hit) => element("span", "", hit.cpu) },
  task: { least: 40, head: "task", wide: "40px", cell: (hit) => element("span", "", hit.task) },
  slot: { least: 48, head: "slot", wide: "48px", cell: slotCell },
  by: { least: 66, head: "by", wide: "minmax(66px, 1fr)", cell: byCell },
  rip: { least: 132, head: "rip", wide: "18ch", cell: (hit) => mono(hex(hit.rip)) },
  addr: { least: 132, head: "address", wide: "18ch", cell: (hit) => mono(hex(hit.addr)) },
  verdict: { least: 120, head: "delivered", wide: "minmax(120px, 1fr)", cell: verdictCell },
  value: { least: 66, head: "value", css: "r", wide: "minmax(66px, 18ch)", cell: valueCell },
};
const USUAL = ["hit", "time", "cpu", "slot", "by", "value"];

export class Columns {
  constructor(address, onChange) {
    this.address = address;
    this.onChange = onChange;
    this.shown = this.#known(address.get("cols")) ?? this.#known(this.#kept()) ?? USUAL;
    this.choice = document.getElementById("cols");
    if (this.choice) this.#offer();
    this.apply();
  }

  #kept() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null;
    }
  }

  #known(text) {
    const asked = new Set((text ?? "").split("."));
    const found = Object.keys(COLUMNS).filter((name) => asked.has(name));
    return found.includes("hit") ? found : null;
  }

  get judged() {
    return this.shown.includes("verdict");
  }

  get usual() {
    return this.shown.join() === USUAL.join();
  }

  #offer() {
    this.choice.hidden = false;
    const box = this.choice.querySelector("[data-columns]");
    for (const [name, column] of Object.entries(COLUMNS)) {
      if (name === "hit") continue;
      const label = element("label");
      const tick = element("input");
      tick.type = "checkbox";
      tick.checked = this.shown.includes(name);
      tick.dataset.column = name;
      label.append(tick, column.head);
      box.append(label);
    }
    box.addEventListener("change", () => this.#chosen(box));
  }

  #chosen(box) {
    const on = new Set([...box.querySelectorAll("input:checked")].map((tick) => tick.dataset.column));
    this.shown = Object.keys(COLUMNS).filter((name) => name === "hit" || on.has(name));
    try {
      localStorage.setItem(KEY, this.shown.join("."));
    } catch {
      // Private mode: the choice lasts for this page.
    }
    this.address.put({ cols: this.usual ? null : this.shown.join(".") });
    this.apply();
    this.onChange();
  }

  apply() {
    const table = document.querySelector(".hits");
    const head = document.querySelector(".hit-head");
    table.classList.toggle("is-own", !this.usual);
    // Columns that do not fit are reached by scrolling, head and rows together.
    const least = this.shown.reduce((sum, name) => sum + COLUMNS[name].least + GAP, 2 * EDGE);
    table.style.setProperty("--least", `${least}px`);
    table.style.setProperty("--columns", this.shown.map((name) => COLUMNS[name].wide).join(" "));
    head.replaceChildren(...this.shown.map((name) => element("span", COLUMNS[name].css ?? "", COLUMNS[name].head)));
  }

  cells(hit, source) {
    return this.shown.map((name) => COLUMNS[name].cell(hit, source));
  }

  // The number is known before the rest.
  empty(number) {
    return this.shown.map((name) => {
      if (name === "hit") return element("span", "", number ? grouped(number) : "");
      return element("span", name === "by" ? "skel" : (COLUMNS[name].css ?? ""));
    });
  }
}
