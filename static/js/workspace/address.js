// The address bar holds the view: opening it again shows the same.
// run, hit or event, moment, q, axis, from, to, tab, cols, panes.

export class Address {
  constructor() {
    this.given = new URLSearchParams(location.search);
  }

  get(name) {
    return this.given.get(name);
  }

  number(name) {
    const text = this.given.get(name);
    return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
  }

  // null and "" leave the address.
  put(changes) {
    const url = new URL(location.href);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null || value === undefined || value === "") url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
    url.hash = "";
    if (url.href !== location.href) history.replaceState(null, "", url);
    this.given = url.searchParams;
  }
}
