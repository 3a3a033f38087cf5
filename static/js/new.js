// New session: a file chosen clears the doubt which program runs; Tab inserts a tab in assembly.
const assembly = document.getElementById("id_assembly");
const elf = document.getElementById("id_elf");

elf?.addEventListener("change", () => {
  if (assembly) assembly.disabled = elf.files.length > 0;
});
assembly?.addEventListener("keydown", (event) => {
  // Escape first, then Tab leaves the field: WCAG 2.1.2.
  if (event.key === "Escape") assembly.dataset.leave = "1";
  if (event.key !== "Tab" || event.shiftKey || assembly.dataset.leave) return;
  event.preventDefault();
  assembly.setRangeText("\t", assembly.selectionStart, assembly.selectionEnd, "end");
});
assembly?.addEventListener("blur", () => {
  delete assembly.dataset.leave;
});
