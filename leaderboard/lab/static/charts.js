// The Plotly charts. Figures come from Python's `charts`, empty; here numbers go into them.

const CONFIG = { displayModeBar: false, scrollZoom: false, doubleClick: false, showTips: false };

// Charts whose numbers creep are drawn more seldom.
const PACE_MS = { rarity: 1_000 };

// Kinds of numbers in a point of the history; the lag of each partition follows.
const POINT = { target_rate: 1, send_rate: 2, apply_rate: 3 };
const FIRST_LAG = 4;

// So many seconds of the minute a letter takes: a label that does not fit its bar is left out.
const LETTER_S = 0.37;
const LABEL_ABOVE = 0.18; // of a lane, from the middle of its bar

// An axis end above `value` that changes seldom, so that bars grow and the axis stands still.
function axisEnd(value) {
  const size = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return size * [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((step) => step * size >= value);
}

function setEnd(axis, numbers) {
  Object.assign(axis, { autorange: false, range: [0, axisEnd(1.1 * Math.max(9, ...numbers))] });
}

const fills = {
  rankings(traces, layout, { now }) {
    const places = now.ids.map((_, i) => i + 1);
    const zeros = places.map(() => 0);
    Object.assign(traces.bars, { x: now.scores, y: places, hovertext: now.names });
    Object.assign(traces.names, { x: zeros, y: places, text: now.names.map((n) => `${n}  `) });
    Object.assign(traces.labels, { x: now.scores, y: places, text: now.labels });
    layout.xaxis.range = [0, axisEnd(1.3 * Math.max(7, ...now.scores))];
  },

  lag(traces, layout, { points }) {
    const end = points.length ? points[points.length - 1][0] : 0;
    const x = points.map((point) => point[0] - end);
    setEnd(layout.yaxis, points.map((point) => point.slice(FIRST_LAG).reduce((a, b) => a + b, 0)));
    setEnd(layout.yaxis2, points.flatMap((point) => point.slice(1, FIRST_LAG)));
    let partition = 0;
    for (const [name, trace] of Object.entries(traces)) {
      const at = POINT[name] ?? FIRST_LAG + partition++;
      Object.assign(trace, { x, y: points.map((point) => point[at] ?? 0) });
    }
  },

  assignment(traces, layout, { points, now }) {
    const [begin, end] = [points[0][0], points.at(-1)[0]];
    for (const trace of Object.values(traces)) {
      Object.assign(trace, { x: [], y: [], hovertext: [], text: [] });
    }
    for (const [lane, kind, label, from, to] of now.spans) {
      const [start, stop] = [(from ?? begin) - end, (to ?? end) - end];
      const told = `${label || kind}: ${(stop - start).toFixed(1)} s`;
      traces[kind].x.push(start, stop, null);
      traces[kind].y.push(lane, lane, null);
      traces[kind].hovertext.push(told, told, null);
      if (stop - start < LETTER_S * label.length) continue;
      traces.labels.x.push(start);
      traces.labels.y.push(lane - LABEL_ABOVE);
      traces.labels.text.push(label);
    }
  },

  rarity(traces, layout, { now }) {
    const { observed } = traces;
    observed.x = now.shares.map(([share]) => (now.unlocked ? share : null));
    observed.error_x = {
      ...observed.error_x,
      array: now.shares.map(([share, , high]) => (now.unlocked ? high - share : 0)),
      arrayminus: now.shares.map(([share, low]) => (now.unlocked ? share - low : 0)),
    };
  },
};

class Chart {
  constructor(Plotly, name, card, spec) {
    const { data, layout } = structuredClone(spec);
    Object.assign(this, { Plotly, name, data, layout });
    this.traces = Object.fromEntries(data.map((trace) => [trace.meta, trace]));
    this.title = card.querySelector(".lbc-title");
    this.div = card.querySelector(".lbc-plot");
    this.race = name === "rankings" ? new Race(this.div) : null;
    this.ids = [];
    this.next = 0;
    this.ready = Plotly.newPlot(this.div, data, layout, CONFIG);
    this.sizes = new ResizeObserver(() => this.resize());
    this.sizes.observe(this.div);
  }

  resize() {
    if (this.div.offsetWidth && this.div._fullLayout) this.Plotly.Plots.resize(this.div);
  }

  draw(story) {
    const now = performance.now();
    if (!this.div._fullLayout || now < this.next) return;
    this.next = now + (PACE_MS[this.name] ?? 0);
    const { ids } = story.now;
    const swapped = this.race && ids.join() !== this.ids.join();
    if (swapped) this.race.remember(this.ids);
    fills[this.name](this.traces, this.layout, story);
    this.layout.datarevision = (this.layout.datarevision ?? 0) + 1;
    this.Plotly.react(this.div, this.data, this.layout, CONFIG);
    if (swapped) this.race.glide(ids);
    this.ids = ids;
  }

  close() {
    this.sizes.disconnect();
    this.Plotly.purge(this.div);
  }
}
