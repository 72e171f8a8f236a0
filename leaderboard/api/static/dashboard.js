// The live page: a choice in its address; answers and pushes in, parts of the page out.

import { Achievements } from "./achievements.js";
import { addressOf, isPushed, questionOf, readChoice, TOPS } from "./choice.js";
import { Connection } from "./connection.js";
import { Controls } from "./controls.js";
import { serverNow } from "./countdown.js";
import { Live } from "./live.js";
import { byId, count } from "./page.js";
import { showPlayer } from "./player.js";
import { Rate } from "./rate.js";
import { BoardView } from "./view.js";
import { Watch } from "./watch.js";

const EVERY_MS = 1000;
const FINAL_EVERY_MS = 10_000; // only a hidden player can change it
const BOARDS_EVERY_MS = 10_000;

/** What is pushed is always this board, whether or not the list of boards has come. */
const GLOBAL = {
  name: "global", metric: "points", operator: "sum", order: "desc", ranks: "ordinal", tie_break: "member", window: "all",
  min_games: 0,
};

const connection = new Connection();
const achievements = new Achievements();
const rate = new Rate();
const view = new BoardView((id) => showPlayer(id, page.boards));
const controls = new Controls((choice) => choose(choice));
const page = { choice: readChoice(location.search), boards: [], games: [], answer: null, pushed: null };

const board = new Watch({
  every: (answer) => (answer.window?.state === "final" ? FINAL_EVERY_MS : EVERY_MS),
  onAnswer: showAnswer,
  onProblem: (error) => (isRefusal(error) ? showProblem(error.message) : view.wait()),
});
const boards = new Watch({
  every: () => BOARDS_EVERY_MS,
  onAnswer: (answer) => {
    page.boards = answer.boards;
    watchChoice();
  },
  onProblem: () => view.wait(),
});
const games = new Watch({
  every: () => BOARDS_EVERY_MS,
  onAnswer: (answer) => {
    page.games = answer.games;
    watchChoice();
  },
  onProblem: (error) => (isRefusal(error) ? showProblem(error.message) : view.wait()),
});
const live = new Live(pushPath(), onMessage, onState);

const isRefusal = ({ status }) => status >= 400 && status < 500;
const infoOf = (choice) => page.boards.find(({ name }) => name === choice.board) ?? null;

function pushPath() {
  const { top } = page.choice;
  return `ws?top=${isPushed(page.choice) && TOPS.includes(top) ? top : TOPS[0]}&limit=10`;
}

/** Show another choice and put it into the address. */
function choose(choice, put = "pushState") {
  if (put) history[put](null, "", addressOf(choice));
  if (choice.board !== page.choice.board) page.games = [];
  Object.assign(page, { choice, answer: null });
  view.begin(choice);
  watchChoice();
  if (!isPushed(choice)) return;
  if (live.path !== pushPath()) live.open(pushPath());
  else if (page.pushed) showPushed();
}

/** Ask for what the choice needs, as far as is known what that is. */
function watchChoice() {
  const { choice } = page;
  const info = infoOf(choice);
  controls.show(choice, page.boards, info, page.games, page.answer);
  const problem = problemOf(choice, info);
  if (problem) showProblem(problem);
  const isReady = info && !problem;
  ask(games, isReady && info.definition.scope === "game" && gamesPath(info));
  const needsGame = isReady && info.definition.scope === "game" && !choice.game;
  if (needsGame && page.games.length) choose({ ...choice, game: page.games[0] }, "replaceState");
  else if (needsGame && games.body) view.showEmpty(info.definition, info.live);
  else ask(board, isReady && !needsGame && !isPushed(choice) && questionOf(choice, Boolean(info.live)));
}

/** Watch `path`, if it is not watched already; nothing, if it is not a path. */
function ask(watch, path) {
  if (!path) watch.close();
  else if (watch.path !== path) watch.open(path);
}

/** The games of the chosen window; of the live one, before anything happened in it, the last ones. */
function gamesPath(info) {
  const at = page.choice.at || (info.live && info.windows[0]?.label) || "";
  return `api/boards/${page.choice.board}/games${at ? `?${new URLSearchParams({ at })}` : ""}`;
}

function problemOf({ board: name, top }, info) {
  if (page.boards.length && !info) {
    return `There is no board “${name}”. Declared: ${page.boards.map((one) => one.name).join(", ")}.`;
  }
  return TOPS.includes(top) ? "" : `The address asks for the top ${top}: expected ${TOPS.join(", ")}.`;
}

function showProblem(text) {
  page.answer = null;
  view.showProblem(page.choice, Boolean(infoOf(page.choice)), text);
}

function showAnswer(answer) {
  const { choice } = page;
  page.answer = answer;
  if (choice.at && choice.at !== answer.window.label) {
    page.choice = { ...choice, at: answer.window.label }; // it was named by a date or an instant
    history.replaceState(null, "", addressOf(page.choice));
    board.path = questionOf(page.choice, true);
  }
  connection.showUpdated(new Date(serverNow()).toISOString());
  view.show(answer, infoOf(choice), page.choice, performance.now());
  controls.show(page.choice, page.boards, infoOf(choice), page.games, answer);
}

function onMessage(message) {
  if (message.type === "service_status") {
    connection.showRedis(message.data.available ? "" : message.data.reason);
    if (message.data.available) askAgain();
  }
  if (message.type !== "leaderboard_update") return;
  page.pushed = message.data.leaderboard;
  showCounts(page.pushed.counts, page.pushed.total_players);
  achievements.show(message.data.recent_achievements);
  if (isPushed(page.choice)) showPushed();
}

function showCounts({ applied, duplicates, dead_letters: bad }, players) {
  byId("players").textContent = count(players);
  byId("applied").textContent = count(applied);
  byId("left-out").textContent = `${count(duplicates)} · ${count(bad)}`;
  rate.read(applied, performance.now());
}

/** The global board, as it was pushed. */
function showPushed() {
  const { top_players: rows, total_players, updated_at: updated } = page.pushed;
  if (!TOPS.includes(page.choice.top)) return;
  connection.showUpdated(updated);
  const answer = { rows, total_players, window: null, policy: GLOBAL.ranks };
  view.show(answer, { definition: GLOBAL, windows: [] }, page.choice, performance.now());
}

function onState(state, seconds) {
  if (state !== "connected") rate.pause();
  connection.showState(state, seconds);
  if (state === "connected") askAgain();
}

function askAgain() {
  for (const watch of [boards, games, board]) watch.again();
}

function tick() {
  view.tick();
  const perSecond = rate.tick(performance.now());
  byId("rate").textContent = perSecond === null ? "–"
    : perSecond < 10 ? perSecond.toFixed(1) : count(perSecond);
  const { line, area } = rate.paths(120, 32);
  byId("spark").querySelector(".line").setAttribute("d", line);
  byId("spark").querySelector(".area").setAttribute("d", area);
}

byId("retry").addEventListener("click", () => live.retry());
addEventListener("popstate", () => {
  const choice = readChoice(location.search);
  if (addressOf(choice) !== addressOf(page.choice)) choose(choice, ""); // else only the #part changed
});
document.addEventListener("visibilitychange", () => document.hidden || askAgain());
setInterval(tick, 1000);
view.begin(page.choice);
view.wait();
boards.open("api/boards");
watchChoice();
live.open();
