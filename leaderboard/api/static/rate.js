// Events per second, from a counter read now and then; and its small curve.

const WINDOW_MS = 5000;
const KEPT = 60;

export class Rate {
  constructor() {
    this.reads = [];
    this.curve = [];
  }

  /** The counter was `total` at `now` (milliseconds). A counter that fell starts anew. */
  read(total, now) {
    const last = this.reads.at(-1);
    if (last && total < last.total) this.reads = [];
    this.reads.push({ total, now });
  }

  /** Forget the reads, because some time was not watched. */
  pause() {
    this.reads = [];
  }

  /** Events per second over the last few seconds; null before that is known. Call once a second. */
  tick(now) {
    while (this.reads.length > 1 && this.reads[1].now <= now - WINDOW_MS) this.reads.shift();
    const first = this.reads[0];
    if (!first || now - first.now < 900) return null;
    const rate = (this.reads.at(-1).total - first.total) / Math.min(WINDOW_MS, now - first.now) * 1000;
    this.curve = [...this.curve, rate].slice(-KEPT);
    return rate;
  }

  /** The curve as SVG path data in a box of `width` x `height`: its line, and the area below. */
  paths(width, height) {
    if (this.curve.length < 2) return { line: "", area: "" };
    const top = Math.max(...this.curve, 1e-9);
    const step = width / (KEPT - 1);
    const left = width - (this.curve.length - 1) * step;
    const points = this.curve.map(
      (rate, i) => `${(left + i * step).toFixed(1)},${(height - 1 - rate / top * (height - 3)).toFixed(1)}`,
    );
    const line = `M${points.join("L")}`;
    return { line, area: `${line}L${width},${height}L${left.toFixed(1)},${height}Z` };
  }
}
