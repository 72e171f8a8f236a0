// The widget: keeps the last minute, draws when it can be seen, says when nothing comes.

const WINDOW_S = 60;
const SILENCE_MS = 4_000;
const ASK_AGAIN_MS = 3_000;
const DRAW_SHARE = 0.4; // at most this share of the page's time goes into drawing
const NAMES = {
  rankings: "Ranking",
  lag: "Lag and rates",
  rarity: "Achievement rarity",
  assignment: "Assignment",
};

// What this page knows of one lab; outlives a view that is closed and opened again.
class Story {
  constructor(model) {
    this.model = model;
    this.points = [];
    this.now = { ids: [], names: [], scores: [], labels: [], shares: [], unlocked: 0, spans: [] };
    this.now.titles = {};
    this.heard = performance.now();
    this.listener = () => {};
    model.on("msg:custom", (message) => this.take(message));
    this.hello();
  }

  // Ask for the story so far; a page that was reloaded may be too early for the kernel to hear it.
  hello(tries = 20) {
    if (this.complete || !tries) return;
    this.model.send({ kind: "hello" });
    setTimeout(() => this.hello(tries - 1), ASK_AGAIN_MS);
  }

  close() {
    this.complete = true;
  }

  take({ kind, point, points, ...news }) {
    if (kind !== "tick" && kind !== "history") return;
    Object.assign(this.now, news);
    if (kind === "history") [this.points, this.complete] = [points, true];
    else this.#add(point);
    this.heard = performance.now();
    this.listener();
  }

  #add(point) {
    const last = this.points.at(-1);
    if (last && point[0] < last[0]) this.points = []; // a new run
    this.points.push(point);
    while (this.points[0][0] < point[0] - WINDOW_S) this.points.shift();
  }
}

// A plain key on a control is not one of JupyterLab's (a: new cell, d d: delete).
function keepKey(event) {
  const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
  if (!ctrlKey && !metaKey && !altKey && !(shiftKey && key === "Enter")) event.stopPropagation();
}

class View {
  constructor(model, el, story) {
    Object.assign(this, { model, el, story, charts: [], next: 0, seen: true });
    el.classList.add("lbc-view");
    this.flow = new Flow(el, model.get("stations"));
    this.cards = this.#cards();
    this.log = element("p", "lbc-log");
    this.log.setAttribute("role", "status");
    const foot = element("div", "lbc-foot");
    foot.append(this.flow.states, this.log);
    el.append(foot);
    this.sight = new IntersectionObserver(([entry]) => {
      this.seen = entry.isIntersecting;
      this.ask();
    });
    this.sight.observe(el);
    this.timer = setInterval(() => this.watch(), 1_000);
  }

  #cards() {
    const grid = element("div", "lbc-grid");
    const cards = Object.keys(this.model.get("figures")).map((name) => {
      const card = element("figure", `lbc-card lbc-card-${name}`);
      const caption = element("figcaption", "lbc-caption");
      caption.append(element("span", "lbc-label", NAMES[name]), element("span", "lbc-title", " "));
      card.append(caption, element("div", "lbc-plot"));
      grid.append(card);
      return [name, card];
    });
    this.el.append(grid);
    return Object.fromEntries(cards);
  }

  async open() {
    try {
      this.Plotly = await loadPlotly(this.model);
      this.rebuild();
    } catch (error) {
      this.say(`no charts: ${error.message}`, "error");
    }
  }

  rebuild() {
    if (!this.Plotly || this.closed) return;
    for (const chart of this.charts) chart.close();
    const figures = Object.entries(this.model.get("figures"));
    this.charts = figures.map(([name, spec]) => new Chart(this.Plotly, name, this.cards[name], spec));
    this.ask();
  }

  // Draw soon, once, and not so often that the page has no time for anything else.
  ask() {
    if (this.asked || this.closed || !this.seen) return;
    this.asked = true;
    const wait = Math.max(0, this.next - performance.now());
    setTimeout(() => requestAnimationFrame(() => this.draw()), wait);
  }

  // The view is made before it has a place: its box is found later.
  settle() {
    this.box ??= this.el.closest(".lbc");
    this.box?.addEventListener("keydown", keepKey); // again: nothing
  }

  draw() {
    this.asked = false;
    if (this.closed) return;
    this.settle();
    const start = performance.now();
    this.flow.update(this.story.now);
    for (const [name, card] of Object.entries(this.cards)) {
      setText(card.querySelector(".lbc-title"), this.story.now.titles[name] ?? "");
    }
    if (this.story.points.length) for (const chart of this.charts) chart.draw(this.story);
    this.next = start + (performance.now() - start) / DRAW_SHARE;
    this.watch();
  }

  watch() {
    const silence = performance.now() - this.story.heard;
    const note = this.model.get("note") ?? {};
    if (silence > SILENCE_MS) {
      const seconds = Math.round(silence / 1_000);
      this.say(`No news from the kernel for ${seconds} s. If this stays, run this cell again.`, "stale");
    } else if (note.text) this.say(note.text, note.kind);
    else this.say("Live, five times a second.", "live");
  }

  say(text, kind) {
    setText(this.log, text);
    this.el.dataset.kind = kind;
  }

  close() {
    this.closed = true;
    clearInterval(this.timer);
    this.sight.disconnect();
    for (const chart of this.charts) chart.close();
    this.el.replaceChildren();
  }
}

export default () => {
  let story;
  let shown; // one live view per page: the newest

  return {
    initialize({ model }) {
      story = new Story(model);
      loadPlotly(model).catch(() => {}); // the view reports it
      return () => story.close();
    },

    render({ model, el }) {
      shown?.close();
      shown?.el.append(element("p", "lbc-moved", "The live view has moved to a later cell."));
      const view = new View(model, el, story);
      shown = view;
      story.listener = () => view.ask();
      const rebuild = () => view.rebuild();
      const note = () => view.watch();
      model.on("change:figures", rebuild);
      model.on("change:note", note);
      view.open();
      return () => {
        view.close();
        model.off("change:figures", rebuild);
        model.off("change:note", note);
        if (shown === view) shown = undefined;
      };
    },
  };
};
