// The recipe editor: the cursor goes to what is wrong; Tab stays what it is, a way out of the field.
const text = document.getElementById("id_text");

function offsetOf(line, column) {
  const before = text.value.split("\n").slice(0, line - 1);
  return before.reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
}

if (text?.dataset.line) {
  const line = Number(text.dataset.line);
  const at = offsetOf(line, Number(text.dataset.column));
  const end = text.value.indexOf("\n", at);
  text.focus();
  text.setSelectionRange(at, end < 0 ? text.value.length : end);
  text.scrollTop = Math.max(0, (line - 6) * Number.parseFloat(getComputedStyle(text).lineHeight));
}
