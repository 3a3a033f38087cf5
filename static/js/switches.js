// Another base: its values are shown at once, as the button beside it does without scripts.
const base = document.getElementById("id_base");
const show = document.getElementById("show-base");

if (show) show.hidden = true;
base?.addEventListener("change", () => {
  show.hidden = false;
  document.getElementById("switches").requestSubmit(show);
});
