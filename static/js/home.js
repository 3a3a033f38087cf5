// The home page while something runs: the server renders the table again every two seconds.
const box = document.getElementById("sessions");
const summary = document.getElementById("summary");
const table = () => box.querySelector("table");

async function refresh() {
  try {
    const answer = await fetch("?rows=1", { credentials: "same-origin" });
    if (answer.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      box.replaceChildren(...page.body.childNodes);
      if (summary.textContent !== table()?.dataset.summary) summary.textContent = table()?.dataset.summary ?? "";
    }
  } catch {
    // The server restarts: the next turn asks again.
  }
  later();
}

function later() {
  if (Number(table()?.dataset.live ?? 0)) setTimeout(refresh, document.hidden ? 10_000 : 2000);
}
later();
