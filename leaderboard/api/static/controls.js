// The choice of board, window, game, ranks and result, as labelled selects.

import { firstOf, TOPS } from "./choice.js";
import { boardName, POLICIES, STATES, windowName } from "./describe.js";
import { byId } from "./page.js";

const PANES = [["latest", "With late events"], ["on_time", "Without late events"]];

export class Controls {
  /** Calls onChoose(choice) with each new choice of the reader. */
  constructor(onChoose) {
    this.choice = null;
    const on = (name, changed) => {
      byId(name).addEventListener("change", (event) => onChoose(changed(event.target.value)));
    };
    on("board-choice", (board) => firstOf(board, this.choice.top));
    on("window-choice", (at) => ({ ...this.choice, at, pane: "latest" }));
    for (const name of ["game", "policy", "pane"]) {
      on(`${name}-choice`, (value) => ({ ...this.choice, [name]: value }));
    }
    on("top", (top) => ({ ...this.choice, top }));
  }

  /** Offer what there is; `info` is the chosen board's, null when it is not declared. */
  show(choice, boards, info, games, page) {
    this.choice = choice;
    fill("board-choice", boards.map(({ name }) => [name, boardName(name)]), choice.board);
    fill("window-choice", info?.live ? windowsOf(info, choice.at) : [], choice.at);
    fill("game-choice", info?.definition.scope === "game" ? games.map((g) => [g, g]) : [], choice.game);
    fill("policy-choice", info ? policiesOf(info.definition) : [], choice.policy);
    const isApart = page?.has_on_time || choice.pane !== "latest";
    fill("pane-choice", info?.live && isApart ? PANES : [], isApart ? choice.pane : "");
    fill("top", TOPS.map((top) => [top, top]), choice.top);
  }
}

function windowsOf(info, at) {
  const name = (window) => windowName(window, info.definition);
  const kept = info.windows.filter(({ label }) => label !== info.live.label || label === at);
  return [
    ["", `Live: ${name(info.live)}`],
    ...kept.map((window) => [window.label, `${name(window)} · ${STATES[window.state][0].toLowerCase()}`]),
  ];
}

function policiesOf({ ranks }) {
  const offered = Object.keys(POLICIES).filter((name) => name !== "dense" || ranks === "dense");
  return offered.map((name) => [name === ranks ? "" : name, POLICIES[name]]);
}

/** Offer `options` ([value, text] each) and show `value`, even one that is not among them. */
function fill(id, options, value) {
  const select = byId(id);
  const isOffered = options.some(([offered]) => offered === value);
  select.closest(".field").hidden = options.length === 0 && !value;
  const all = isOffered || !value ? options : [[value, value], ...options];
  const key = JSON.stringify(all);
  if (select.dataset.key !== key) {
    select.replaceChildren(...all.map(([one, text]) => new Option(text, one)));
    select.dataset.key = key;
  }
  select.value = value;
}
