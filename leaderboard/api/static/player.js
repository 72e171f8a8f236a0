// One player in a dialog, asked from the API when it opens.

import { boardName, rateWords, scoreText, windowName } from "./describe.js";
import { ask, byId, clock, count, element } from "./page.js";

/** Show a player; `boards` as `api/boards` lists them. */
export async function showPlayer(id, boards) {
  const dialog = byId("player");
  byId("player-name").textContent = id;
  byId("player-id").textContent = "";
  byId("player-problem").textContent = "Loading…";
  byId("player-stats").replaceChildren();
  byId("player-actions").replaceChildren();
  byId("player-ranks").replaceChildren();
  byId("player-few").textContent = "";
  if (!dialog.open) dialog.showModal();
  try {
    const path = `api/player/${encodeURIComponent(id)}`;
    const player = await ask(path);
    fill(player);
    byId("player-few").textContent = tooFew(player, boards);
    byId("player-problem").textContent = "";
    if (player.rank !== null) showRanks((await ask(`${path}/ranks`)).ranks, boards);
  } catch (error) {
    byId("player-problem").textContent = error.message;
  }
}

function fill(player) {
  byId("player-name").textContent = player.player_name;
  byId("player-id").textContent = player.player_id;
  byId("player-stats").replaceChildren(
    fact("Rank", player.rank === null ? "hidden" : count(player.rank)),
    fact("Score", count(player.total_score)),
    fact("Events", count(player.events_count)),
    fact("Games joined", count(player.games_joined)),
    fact("Last active", clock(player.last_active), "wide"),
    ...(player.matches ? matchFacts(player.matches) : []),
  );
  const actions = Object.entries(player.actions).sort((a, b) => b[1] - a[1]);
  const most = Math.max(1, ...actions.map(([, times]) => times));
  byId("player-actions").replaceChildren(...actions.map(([name, times]) => bar(name, times, most)));
}

function matchFacts(matches) {
  return [
    fact("Matches won", `${count(matches.wins)} of ${count(matches.matches)}`),
    fact("KDA", scoreText(matches.kda, { metric: "kda" })),
    fact("Wins in a row", `${count(matches.current_streak)}, best ${count(matches.best_streak)}`),
  ];
}

/** Why the player is missing from boards of rates: too few matches to tell. */
function tooFew({ matches }, boards) {
  const finished = matches?.matches ?? 0;
  return boards
    .filter(({ definition: d }) => d.scope === "all" && d.window === "all" && d.min_games > finished)
    .map(({ name, definition: d }) =>
      `Not on ${boardName(name)}: ${count(finished)} of ${count(d.min_games)} matches needed.`)
    .join(" ");
}

function showRanks(ranks, boards) {
  const definitions = new Map(boards.map(({ name, definition }) => [name, definition]));
  byId("player-ranks").replaceChildren(...ranks.flatMap((rank) => {
    const definition = definitions.get(rank.board);
    return definition ? [rankLine(rank, definition)] : [];
  }));
}

function rankLine({ board, game, window, standing }, definition) {
  const rate = rateWords(standing.rate, definition);
  return element(
    "li", { title: window ? windowName(window, definition) : "all time" },
    element("span", {}, [boardName(board), game].filter(Boolean).join(" · ")),
    element("b", {}, `${count(standing.rank)}`, element("small", {}, ` of ${count(standing.total)}`)),
    element("span", { title: rate?.words ?? "" }, scoreText(standing.score, definition)),
  );
}

function fact(name, value, className = "") {
  return element("div", { className }, element("dt", {}, name), element("dd", {}, value));
}

function bar(name, times, most) {
  const share = element("span", { className: "share", "aria-hidden": "true" });
  share.style.setProperty("--share", times / most);
  return element("li", {}, element("span", {}, name.replaceAll("_", " ")), share, element("b", {}, count(times)));
}
