// The ranking table: rows keyed by player, which move to their new places.

import { rateWords, scoreText } from "./describe.js";
import { byId, count, element } from "./page.js";

const MOVE_WINDOW_MS = 30_000;
const MOVE_MS = 450;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export class RankingTable {
  constructor(onSelect) {
    this.body = byId("ranking").tBodies[0];
    this.onSelect = onSelect;
    this.rows = new Map();
    this.history = [];
  }

  /** Forget earlier ranks and scores, because another board, or part of one, is shown. */
  reset() {
    this.history = [];
    this.rows.clear();
    this.body.replaceChildren();
  }

  /**
   * Show `players` of a board with this `definition`. Arrows tell the change since the window
   * before, which `since` names; without it, of the last 30 s.
   */
  show(players, now, definition, since = "") {
    const recent = this.remember(players, now);
    const before = since ? new Map(players.map((p) => [p.player_id, p.previous_rank])) : recent;
    const shown = { definition, before, since: since ? `since ${since}` : "in the last 30 s" };
    const tops = this.tops();
    // where the lowest leads, a bar as long as the score would tell the contrary
    shown.best = definition.order === "asc" ? Infinity : Math.max(players[0]?.score ?? 0, 1e-9);
    const kept = new Map();
    for (const player of players) {
      const row = this.rows.get(player.player_id) ?? this.newRow(player.player_id);
      this.fill(row, player, shown);
      kept.set(player.player_id, row);
    }
    this.rows = kept;
    this.arrange([...kept.values()].map((row) => row.element));
    if (!calm.matches) this.glide(tops);
  }

  /** Ranks of about 30 s ago, by player id. */
  remember(players, now) {
    const ranks = new Map(players.map((p) => [p.player_id, p.rank]));
    this.history.push({ now, ranks });
    while (this.history.length > 1 && this.history[1].now <= now - MOVE_WINDOW_MS) {
      this.history.shift();
    }
    return this.history[0].ranks;
  }

  newRow(id) {
    const row = {
      place: element("span", { className: "medal" }),
      moved: element("span", { className: "moved" }),
      who: element("button", { className: "who", type: "button" }),
      share: element("span", { className: "share", "aria-hidden": "true" }),
      gain: element("span", { className: "gain", "aria-hidden": "true" }),
      points: element("span"),
      detail: element("small", { className: "detail" }),
      score: null,
    };
    row.who.addEventListener("click", () => this.onSelect(id));
    row.element = element(
      "tr",
      { data: { player: id } },
      element("td", { className: "rank" }, row.place),
      element("td", { className: "move" }, row.moved),
      element("td", { className: "name" }, row.who, row.share),
      element("td", { className: "score" }, row.points, row.detail),
    );
    return row;
  }

  fill(row, player, { definition, before, since, best }) {
    row.place.textContent = count(player.rank);
    row.place.dataset.place = player.rank;
    row.who.textContent = player.player_name;
    row.who.title = `${player.player_name} (${player.player_id})`;
    row.share.hidden = best === Infinity;
    row.share.style.setProperty("--share", Math.max(0, player.score / best).toFixed(4));
    showMove(row.moved, before.get(player.player_id) ?? null, player.rank, since);
    this.showScore(row, player.score, definition);
    showDetail(row.detail, rateWords(player.rate, definition));
  }

  showScore(row, score, definition) {
    if (row.score === score) return;
    const gained = row.score === null ? 0 : score - row.score;
    row.score = score;
    row.points.textContent = scoreText(score, definition);
    row.gain.remove();
    if (gained > 0 && Number.isInteger(gained) && !calm.matches) {
      row.gain.textContent = `+${count(gained)}`;
      row.points.before(row.gain);
    }
  }

  /** Put `rows` in order, touching only those that are out of place: focus stays where it is. */
  arrange(rows) {
    const wanted = new Set(rows);
    for (const row of [...this.body.children]) if (!wanted.has(row)) row.remove();
    const focused = document.activeElement;
    rows.forEach((row, i) => {
      const there = this.body.children[i];
      if (there !== row) this.body.insertBefore(row, there ?? null);
    });
    if (focused !== document.activeElement && this.body.contains(focused)) {
      focused.focus({ preventScroll: true });
    }
  }

  tops() {
    return new Map([...this.body.children].map((row) => [row, row.getBoundingClientRect().top]));
  }

  /** Slide every row from where it was. */
  glide(tops) {
    for (const row of this.body.children) {
      if (!tops.has(row)) {
        row.animate([{ opacity: 0 }, { opacity: 1 }], MOVE_MS);
        continue;
      }
      const distance = tops.get(row) - row.getBoundingClientRect().top;
      if (distance) {
        row.animate(
          [{ transform: `translateY(${distance}px)` }, { transform: "none" }],
          { duration: MOVE_MS, easing: "cubic-bezier(0.2, 0.7, 0.2, 1)" },
        );
      }
    }
  }
}

/** What a rate is made of, in a few signs; in words for those who point at it or listen. */
function showDetail(node, detail) {
  node.hidden = !detail;
  if (!detail || node.textContent === detail.short) return;
  node.textContent = detail.short;
  node.title = detail.words;
  node.setAttribute("role", "img");
  node.setAttribute("aria-label", detail.words);
}

function showMove(cell, old, rank, since) {
  const gained = old === null ? null : old - rank;
  const [way, text, words] =
    gained === null ? ["new", "new", "new here"]
    : gained > 0 ? ["up", `▲ ${gained}`, `up ${gained}`]
    : gained < 0 ? ["down", `▼ ${-gained}`, `down ${-gained}`]
    : ["none", "–", "no change"];
  cell.title = `${words} ${since}`;
  if (cell.dataset.way === way && cell.textContent === text) return;
  cell.dataset.way = way;
  cell.textContent = text;
  cell.setAttribute("aria-label", words);
  cell.setAttribute("role", "img");
}
