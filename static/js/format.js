// Numbers as the design writes them. 64-bit values are BigInt everywhere.
const THIN = "\u202f";

export const grouped = (n) => String(n).replace(/\B(?=(\d{3})+(?!\d))/g, THIN);

export function seconds(nanoseconds) {
  const digits = String(nanoseconds).padStart(10, "0");
  const at = digits.length - 9;
  const rest = digits.slice(at);
  return `${digits.slice(0, at)}.${rest.slice(0, 3)}${THIN}${rest.slice(3, 6)}${THIN}${rest.slice(6)}`;
}

// A symbol that is too long loses its middle: the offset says more than the rest.
export function middle(text, room = 15) {
  if (text.length <= room) return text;
  const plus = text.indexOf("+");
  const tail = plus < 0 ? "" : text.slice(plus);
  const name = plus < 0 ? text : text.slice(0, plus);
  return `${name.slice(0, Math.max(3, room - tail.length - 1))}…${tail}`;
}

export const hex = (value) => `0x${value.toString(16)}`;

export function element(tag, css, text) {
  const made = document.createElement(tag);
  if (css) made.className = css;
  if (text !== undefined) made.textContent = text;
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

export function icon(name, css = "ic", label = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", css);
  if (label) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
  } else svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

export const slotIcon = (slot) => icon(`slot${slot}`, `ic-slot slot-${slot}`, `slot ${slot}`);
