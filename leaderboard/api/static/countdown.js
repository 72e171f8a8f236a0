// Time left, by the server's clock: this machine's may be wrong, and timers come late.

const TOLERATED_MS = 2000;
let ahead = 0;

/** Set the clock by an answer's `Date` header, which leaves out the part of a second. */
export function readServerClock(date) {
  const read = Date.parse(date ?? "") + 500 - Date.now();
  if (Math.abs(read - ahead) > TOLERATED_MS) ahead = Math.abs(read) > TOLERATED_MS ? read : 0;
}

/** Milliseconds since 1970 UTC. */
export const serverNow = () => Date.now() + ahead;

/** 93784 -> "1 d 02:03:04", 125 -> "02:05" */
export function duration(seconds) {
  const two = (n) => String(n).padStart(2, "0");
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor(seconds / 3600) % 24;
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  if (days) return `${days} d ${two(hours)}:${rest}`;
  return hours ? `${two(hours)}:${rest}` : rest;
}

/** Shows in `node` how long it is until an instant; each tick computes it anew. */
export class Countdown {
  constructor(node) {
    this.node = node;
    this.end = null;
  }

  /** Count down to `iso`; null: there is nothing to wait for. */
  aim(iso) {
    this.end = iso ? Date.parse(iso) : null;
    this.node.dateTime = iso ?? "";
    this.node.title = iso ? `at ${new Date(iso).toLocaleString("en-GB")}, your time` : "";
    this.tick();
  }

  tick() {
    if (this.end === null) return;
    const text = duration(Math.max(0, Math.ceil((this.end - serverNow()) / 1000)));
    if (this.node.textContent !== text) this.node.textContent = text;
  }
}
