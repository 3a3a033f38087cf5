// Forms whose answer replaces one box of the page instead of the page.

export function swapForms() {
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-swap]");
    if (!form) return;
    event.preventDefault();
    const box = document.getElementById(form.dataset.swap);
    const sent = nameOf(form);
    const answer = await fetch(form.action, {
      method: "POST",
      body: new FormData(form, event.submitter),
      headers: { "X-Fragment": "1" },
      credentials: "same-origin",
    });
    if (!answer.ok) return;
    replaceBox(box, await answer.text(), sent);
    box.querySelector("input[readonly]:not([data-quiet])")?.select();
    box.dispatchEvent(new Event("swapped"));
  });
}

// The box anew. What was typed meanwhile stays, and the field that has the focus keeps
// it: an answer may come after somebody went on typing. The form that was sent is empty
// again, unless it was refused: then its text is there to be mended.
export function replaceBox(box, text, sent = null) {
  const fresh = new DOMParser().parseFromString(text, "text/html").body;
  const refused = fresh.querySelector("[role=alert]") !== null;
  const focused = fieldOf(box, document.activeElement);
  for (const form of box.querySelectorAll("form")) {
    if (nameOf(form) !== sent || refused) keepTyped(form, sameForm(fresh, nameOf(form)));
  }
  box.replaceChildren(...fresh.childNodes);
  for (const control of box.querySelectorAll("[data-do][hidden]")) control.hidden = false;
  refocus(box, focused);
}

// Several forms of a box may go to one address: then they have labels.
const nameOf = (form) => `${form.getAttribute("action")} ${form.getAttribute("aria-label") ?? ""}`;

function sameForm(box, name) {
  return [...box.querySelectorAll("form")].find((form) => nameOf(form) === name);
}

function keepTyped(form, fresh) {
  for (const field of fresh?.querySelectorAll("input:not([type=hidden]),select,textarea") ?? []) {
    const old = form.elements.namedItem(field.name);
    if (isTyped(old)) field.value = old.value;
  }
}

function isTyped(field) {
  if (field?.tagName === "SELECT") return !field.selectedOptions[0]?.defaultSelected;
  return Boolean(field?.tagName) && field.value !== field.defaultValue;
}

function fieldOf(box, element) {
  const form = box.contains(element) ? element.closest("form") : null;
  if (!form || !element.name || element.tagName === "BUTTON") return null;
  return { form: nameOf(form), name: element.name, start: element.selectionStart, end: element.selectionEnd };
}

function refocus(box, focused) {
  const field = focused && sameForm(box, focused.form)?.elements.namedItem(focused.name);
  if (!field?.focus) return;
  field.focus();
  if (typeof focused.start === "number") field.setSelectionRange(focused.start, focused.end);
}
