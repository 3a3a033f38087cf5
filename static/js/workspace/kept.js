// Moments that are kept: the notebook's count, and the moment that registers are compared with.

export function bindKept({ selection, pane, address, say }) {
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-since]");
    if (!form) return;
    event.preventDefault();
    pane.since = form.elements.since.value;
    address.put({ since: pane.since });
    pane.show(selection.number, address.get("moment") ?? "");
  });
  document.addEventListener("change", (event) => event.target.closest("form[data-since] select")?.form.requestSubmit());

  const notebook = document.getElementById("notebook-pane");
  notebook.addEventListener("swapped", () => {
    const count = notebook.querySelector(".kept")?.dataset.count ?? "";
    const shown = document.getElementById("notebook-count");
    shown.hidden = !count;
    shown.textContent = count;
    say(count ? `${count} kept in the notebook` : "the notebook is empty");
  });
}
