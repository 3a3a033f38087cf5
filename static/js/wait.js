// Two runs that are about to be compared: asks again until the server sends us on.
// Without scripts the page reloads by itself.
const EVERY = 400;

async function look() {
  try {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    if (answer.redirected) {
      location.replace(answer.url);
      return;
    }
    if (answer.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("main");
      const here = document.getElementById("main");
      if (fresh && fresh.textContent !== here.textContent) here.replaceChildren(...fresh.childNodes);
    }
  } catch {
    // The server restarts: the next turn asks again.
  }
  setTimeout(look, document.hidden ? 5 * EVERY : EVERY);
}
setTimeout(look, EVERY);
