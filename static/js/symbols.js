// Names of addresses for rows that arrive live; rows over REST bring theirs along.
const REACH = 4096n;

export class Symbols {
  constructor(table = {}) {
    const pairs = Object.entries(table).map(([name, address]) => [BigInt(address), name]);
    pairs.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] < b[1] ? -1 : 1));
    this.addresses = pairs.map((pair) => pair[0]);
    this.names = pairs.map((pair) => pair[1]);
  }

  name(address) {
    let low = 0;
    let high = this.addresses.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.addresses[middle] <= address) low = middle + 1;
      else high = middle;
    }
    if (!low) return `0x${address.toString(16)}`;
    let at = low - 1;
    const offset = address - this.addresses[at];
    while (at > 0 && this.addresses[at - 1] === this.addresses[at]) at -= 1;
    if (offset > REACH) return `0x${address.toString(16)}`;
    return offset ? `${this.names[at]}+0x${offset.toString(16)}` : this.names[at];
  }
}
