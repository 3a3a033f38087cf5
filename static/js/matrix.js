// The matrix, or one cell of it, while words are missing: the server renders it again each second.
const EVERY = 1000;
const box = document.getElementById("matrix");
const state = () => box.querySelector("[data-missing]");

async function refresh() {
  try {
    const answer = await fetch(location.href, { headers: { "X-Fragment": "1" }, credentials: "same-origin" });
    if (answer.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const left = box.querySelector(".matrix-view")?.scrollLeft ?? 0;
      box.replaceChildren(...(page.getElementById("matrix") ?? page.body).childNodes);
      box.querySelector(".matrix-view")?.scrollTo(left, 0);
    }
  } catch {
    // The server restarts: the next turn asks again.
  }
  later();
}

function later() {
  if (Number(state()?.dataset.missing ?? 0)) setTimeout(refresh, document.hidden ? 10 * EVERY : EVERY);
}
later();
