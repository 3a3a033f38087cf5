// Pinning a remark: a bit, a byte or a slot goes into the form; shift takes a stretch of bytes.

const BYTES = /^(0x[0-9a-f]+):(\d+)$/;
const MOST = 256n;

// Both bytes and what lies between, in one word; the second alone when that is too much.
export function stretch(from, to) {
  const [first, last] = [BYTES.exec(from ?? ""), BYTES.exec(to)];
  if (!first || !last) return to;
  const [a, b] = [BigInt(first[1]), BigInt(last[1])];
  const [start, end] = a < b ? [a, b + BigInt(last[2])] : [b, a + BigInt(first[2])];
  return end - start > MOST ? to : `0x${start.toString(16)}:${end - start}`;
}

export function bindAnchors(showPane, say) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-on]");
    const field = document.getElementById("note-on");
    if (!link || !field || event.metaKey || event.ctrlKey || event.button) return;
    event.preventDefault();
    field.value = event.shiftKey ? stretch(field.value, link.dataset.on) : link.dataset.on;
    showPane("why");
    document.getElementById("note-body").focus();
    say(`a remark on ${field.value}`);
  });
}
