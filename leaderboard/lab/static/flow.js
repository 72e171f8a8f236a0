// Counters and states as plain text: readable without Plotly, without colour, by a screen reader.

const MARKS = { starting: "◔", running: "●", paused: "❚❚", stopped: "■", killed: "✕", failed: "✕" };

function element(tag, className, text = "") {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

class Flow {
  constructor(root, stations) {
    this.list = element("ol", "lbc-flow");
    this.list.setAttribute("aria-label", "The journey of the events, with counters");
    this.stations = stations.map((name) => this.#station(name));
    this.states = element("ul", "lbc-states");
    this.states.setAttribute("aria-label", "State of each stage");
    root.append(this.list);
  }

  #station(name) {
    const item = element("li", "lbc-station");
    const value = element("strong", "lbc-value", "0");
    const unit = element("span", "lbc-unit");
    const detail = element("span", "lbc-detail");
    const states = element("span", "lbc-station-states");
    const count = element("span", "lbc-count");
    count.append(value, " ", unit);
    item.append(element("span", "lbc-name", name), states, count, detail);
    this.list.append(item);
    return { item, value, unit, detail, states };
  }

  update({ flow = [], stages = [] }) {
    flow.forEach(([value, unit, detail, states, state], i) => {
      const station = this.stations[i];
      Object.entries({ value, unit, detail, states }).forEach(([k, text]) => setText(station[k], text));
      station.item.dataset.state = state;
    });
    const key = JSON.stringify(stages);
    if (key === this.key) return;
    this.key = key;
    this.states.replaceChildren(...stages.map(stateItem));
  }
}

function stateItem([stage, state]) {
  const item = element("li", "lbc-state");
  item.dataset.state = state;
  const mark = element("span", "lbc-mark", MARKS[state] ?? "");
  mark.setAttribute("aria-hidden", "true");
  item.append(mark, ` ${stage} ${state}`);
  return item;
}
