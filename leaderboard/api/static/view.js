// The card of the chosen board: its head, its table or why there is none, its rules.

import { addressOf, firstOf } from "./choice.js";
import { RankingTable } from "./board.js";
import { Countdown } from "./countdown.js";
import { boardName, boardRules, scoreColumn, scoreWords, STATES, windowName } from "./describe.js";
import { byId, count, element } from "./page.js";

export class BoardView {
  constructor(onSelect) {
    this.table = new RankingTable(onSelect);
    this.countdown = new Countdown(byId("countdown"));
    this.problem = "";
  }

  /** Another choice was made: what stands there is dimmed until its answer comes. */
  begin(choice) {
    this.isNew = true;
    this.leader = "";
    this.label = null;
    this.problem = "";
    this.showTitle(choice, "");
    this.showWindow(null, null);
    byId("board").setAttribute("aria-busy", "true");
  }

  /** No answer comes: what stands there belongs to another choice. */
  wait() {
    if (this.isNew && !this.problem) this.showInstead("empty", "Waiting for the board…");
  }

  tick() {
    this.countdown.tick();
  }

  /** A page of the board `info`, which was asked for by `choice`; as of now. */
  show(page, info, choice, now) {
    const { definition } = info;
    const { window } = page;
    this.problem = "";
    if (this.label !== null && this.label !== window?.label) this.startAnew(window, definition);
    this.label = window?.label;
    this.showTitle(choice, placeWords(page, definition));
    this.showWindow(window, window && !choice.at ? page.next_reset : null);
    const since = sinceOf(page, info);
    const hasMoves = Boolean(since) || !choice.at;
    this.showTable(page.rows, now, definition, hasMoves ? since : null);
    byId("rules").textContent = [
      boardRules(definition, page.policy),
      since ? `Arrows: change since ${since}.` : hasMoves ? "Arrows: change in the last 30 s." : "",
      "Select a player for details.",
    ].filter(Boolean).join(" ");
    if (page.rows.length === 0) this.showEmpty(definition, window);
    else this.showNews(page.rows[0], definition);
  }

  showTitle({ board, game }, where) {
    const title = [board === "global" ? "" : boardName(board), game].filter(Boolean).join(" · ");
    byId("board-title").textContent = title || "Top players";
    byId("where").textContent = where;
    document.title = [title, "Leaderboard", "live"].filter(Boolean).join(" · ");
  }

  /** The state of the window, and when the next one begins. */
  showWindow(window, nextReset) {
    byId("window-state").hidden = !window;
    if (window) {
      const [word, meaning] = STATES[window.state];
      byId("window-state").dataset.state = window.state;
      byId("window-state").textContent = word;
      byId("window-state").title = meaning;
    }
    byId("fresh").hidden = window?.state === "final"; // it does not move any more
    byId("reset").hidden = !nextReset;
    this.countdown.aim(nextReset);
  }

  showTable(rows, now, definition, since) {
    byId("ranking").dataset.moves = since === null ? "none" : "some";
    byId("move-head").title = `Places gained or lost ${since ? `since ${since}` : "in the last 30 s"}`;
    byId("score-head").textContent = scoreColumn(definition);
    byId("ranking").querySelector("caption").textContent =
      `Best players of the ${definition.name} board, best first`;
    if (this.isNew) this.table.reset();
    this.isNew = false;
    this.table.show(rows, now, definition, since ?? "");
    this.showInstead(rows.length ? "ranking" : "empty");
  }

  /** Show one of table, empty board and problem, with a text. */
  showInstead(id, headline = "", ...advice) {
    byId("board").removeAttribute("aria-busy");
    for (const other of ["ranking", "empty", "problem"]) byId(other).hidden = other !== id;
    if (!headline) return;
    byId(id).querySelector(".headline").textContent = headline;
    byId(id).querySelector(".advice").replaceChildren(...advice);
  }

  showEmpty({ min_games: least, metric }, window) {
    const code = (text) => element("code", {}, text);
    const start = ["Start some events: run ", code("leaderboard produce"), " and ", code("leaderboard process"), "."];
    if (window) {
      const since = new Date(window.start).toLocaleString("en-GB");
      this.showInstead("empty", "Nobody is on this board yet", `It started anew at ${since}, your time.`);
    } else if (["kda", "win_rate", "streak"].includes(metric)) {
      const missing = least ? `Nobody has ${count(least)} finished matches yet` : "No finished matches yet";
      this.showInstead("empty", missing, "They come from events match_finished, if the mix of ",
        code("leaderboard produce"), " names them.");
    } else {
      this.showInstead("empty", "No players yet", ...start);
    }
  }

  showNews(leader, definition) {
    if (this.leader && leader.player_id !== this.leader) {
      byId("news").textContent =
        `${leader.player_name} takes the lead with ${scoreWords(leader.score, definition)}`;
    }
    this.leader = leader.player_id;
  }

  /** The live window has changed while it was watched. */
  startAnew(window, definition) {
    this.isNew = true;
    this.leader = "";
    if (window) byId("news").textContent = `The board was reset: ${windowName(window, definition)} begins`;
  }

  /** What was asked for can not be shown: why, and what can. */
  showProblem(choice, isDeclared, text) {
    if (text === this.problem) return; // said already
    this.begin(choice);
    this.problem = text;
    const ways = [];
    if (isDeclared && choice.board !== "global") ways.push([firstOf(choice.board, "10"), `${boardName(choice.board)} board, live`]);
    ways.push([firstOf("global", "10"), "Global board"]);
    const links = ways.map(([other, words]) => element("a", { href: addressOf(other) }, words));
    byId("rules").textContent = "";
    this.showInstead("problem", "This can not be shown", element("span", {}, text.charAt(0).toUpperCase() + text.slice(1)), ...links);
  }
}

function placeWords(page, definition) {
  const players = `${count(page.total_players)} ${page.total_players === 1 ? "player" : "players"}`;
  return `${page.window ? windowName(page.window, definition) : "All time"} · ${players}`;
}

/** The window before the page's, by name, if ranks of it are known; else "". */
function sinceOf(page, info) {
  if (!page.window) return "";
  const { window: kind, every_s: every } = info.definition;
  const start = Date.parse(page.window.start);
  const before = info.windows.find((window) => kind === "sliding"
    ? Date.parse(window.start) === start - every * 1000
    : Date.parse(window.end) === start);
  if (before) return windowName(before, info.definition);
  return page.rows.some((row) => row.previous_rank !== null) ? "the window before" : "";
}
