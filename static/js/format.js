// Numbers as the design writes them. 64-bit values are BigInt everywhere.
const THIN = "\u202f";

export const grouped = (n) => String(n).replace(/\B(?=(\d{3})+(?!\d))/g, THIN);

export function seconds(nanoseconds) {
  const digits = String(nanoseconds).padStart(10, "0");
  const at = digits.length - 9;
  const rest = digits.slice(at);
  return `${digits.slice(0, at)}.${rest.slice(0, 3)}${THIN}${rest.slice(3, 6)}${THIN}${rest.slice(6)}`;
}

// A symbol in too small a place loses the end of its name: the offset says more.
export function symbol(text) {
  const plus = text.indexOf("+");
  const cut = plus < 0 ? text.length : plus;
  const place = element("span", "fn-at");
  place.append(element("span", "", text.slice(0, cut)), element("span", "", text.slice(cut)));
  return place;
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
