// Who looks at this run, in the top bar; nothing while nobody else does.
import { element } from "./format.js";

const FACES = 4;

// As the template filter of this name.
function initials(name) {
  const parts = name.replace(/[_-]/g, " ").split(" ").filter(Boolean);
  return (parts.length > 1 ? parts[0][0] + parts[1][0] : name.slice(0, 2)).toUpperCase();
}

const pages = (n) => (n > 1 ? `, ${n} pages` : "");

function lines(told, me) {
  const found = told.people.map((one) => `${one.name}${one.name === me ? " (you)" : ""}${pages(one.pages)}`);
  if (told.guests) found.push(told.guests === 1 ? "1 guest without an account" : `${told.guests} guests without an account`);
  return found;
}

export class Presence {
  constructor(box) {
    this.box = box;
  }

  clear() {
    if (this.box) this.box.hidden = true;
  }

  show(told) {
    if (!this.box) return;
    const me = this.box.dataset.me;
    this.box.hidden = told.count < 2;
    const words = lines(told, me);
    const faces = told.people.map((one) => this.face(initials(one.name), one.name === me));
    if (told.guests) faces.push(this.face(told.guests === 1 ? "G" : `${told.guests}G`, false));
    const summary = this.box.querySelector("summary");
    summary.setAttribute("aria-label", `${told.count} look at this run`);
    summary.replaceChildren(...faces.slice(0, FACES));
    if (faces.length > FACES) summary.append(this.face(`+${faces.length - FACES}`, false));
    this.box.querySelector("ul").replaceChildren(...words.map((text) => element("li", "", text)));
  }

  face(text, here) {
    const made = element("span", "face", text);
    made.setAttribute("aria-hidden", "true");
    if (here) made.dataset.here = "";
    return made;
  }
}
