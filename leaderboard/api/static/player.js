// One player in a dialog, asked from the API when it opens.

import { ask, byId, clock, count, element } from "./page.js";

export async function showPlayer(id) {
  const dialog = byId("player");
  byId("player-name").textContent = id;
  byId("player-id").textContent = "";
  byId("player-problem").textContent = "Loading…";
  byId("player-stats").replaceChildren();
  byId("player-actions").replaceChildren();
  if (!dialog.open) dialog.showModal();
  try {
    fill(await ask(`api/player/${encodeURIComponent(id)}`));
    byId("player-problem").textContent = "";
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
  );
  const actions = Object.entries(player.actions).sort((a, b) => b[1] - a[1]);
  const most = Math.max(1, ...actions.map(([, times]) => times));
  byId("player-actions").replaceChildren(...actions.map(([name, times]) => bar(name, times, most)));
}

function fact(name, value, className = "") {
  return element("div", { className }, element("dt", {}, name), element("dd", {}, value));
}

function bar(name, times, most) {
  const share = element("span", { className: "share", "aria-hidden": "true" });
  share.style.setProperty("--share", times / most);
  return element("li", {}, element("span", {}, name.replaceAll("_", " ")), share, element("b", {}, count(times)));
}
