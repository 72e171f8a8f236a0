// The live page: pushes in, parts of the page out.

import { Achievements } from "./achievements.js";
import { RankingTable } from "./board.js";
import { Live } from "./live.js";
import { byId, clock, count, element } from "./page.js";
import { showPlayer } from "./player.js";
import { Rate } from "./rate.js";

const WORDS = {
  connecting: () => "Connecting",
  connected: () => "Live",
  disconnected: () => "Disconnected",
  waiting: (seconds) => `Reconnecting in ${seconds} s`,
};

const table = new RankingTable(showPlayer);
const achievements = new Achievements();
const rate = new Rate();
const page = { leader: "", updated: "", redis: "", state: "connecting" };

function onMessage(message) {
  if (message.type === "service_status") {
    page.redis = message.data.available ? "" : message.data.reason;
    showNotice();
  }
  if (message.type !== "leaderboard_update") return;
  const { leaderboard, recent_achievements: recent } = message.data;
  const now = performance.now();
  showCounts(leaderboard, now);
  showBoard(leaderboard, now);
  achievements.show(recent);
}

function showCounts(leaderboard, now) {
  const { applied, duplicates, dead_letters: bad } = leaderboard.counts;
  byId("players").textContent = count(leaderboard.total_players);
  byId("applied").textContent = count(applied);
  byId("left-out").textContent = `${count(duplicates)} · ${count(bad)}`;
  page.updated = leaderboard.updated_at;
  byId("updated").textContent = clock(page.updated);
  byId("updated").dateTime = page.updated;
  rate.read(applied, now);
}

function showBoard(leaderboard, now) {
  const players = leaderboard.top_players;
  byId("ranking").hidden = players.length === 0;
  byId("empty").hidden = players.length > 0;
  if (players.length === 0) showEmpty();
  table.show(players, now);
  const leader = players[0];
  if (leader && page.leader && leader.player_id !== page.leader) {
    byId("news").textContent = `${leader.player_name} takes the lead with ${count(leader.score)} points`;
  }
  page.leader = leader?.player_id ?? "";
}

function showEmpty() {
  byId("empty").querySelector(".headline").textContent = "No players yet";
  byId("empty").querySelector(".advice").replaceChildren(
    "Start some events: run ", element("code", {}, "leaderboard produce"),
    " and ", element("code", {}, "leaderboard process"), ".",
  );
}

function onState(state, seconds) {
  page.state = state;
  if (state !== "connected") rate.pause();
  const pill = byId("connection");
  pill.dataset.state = state;
  const words = pill.querySelector(".words");
  const text = WORDS[state](seconds);
  if (words.textContent !== text) words.textContent = text;
  // a countdown read aloud every second would be noise
  pill.setAttribute("aria-live", state === "waiting" ? "off" : "polite");
  showNotice();
}

function showNotice() {
  const lost = page.state === "waiting" || page.state === "disconnected";
  const since = page.updated ? ` The board is as of ${clock(page.updated)}.` : "";
  const text = lost ? `Disconnected from the server.${since}`
    : page.redis && page.state === "connected" ? `Redis does not answer.${since}` : "";
  const notice = byId("notice");
  if (page.state === "connecting" && !notice.hidden && text === "") return; // no flicker
  notice.hidden = text === "";
  notice.title = lost ? "" : page.redis;
  byId("retry").hidden = !lost;
  const line = notice.querySelector("p");
  if (line.textContent !== text) line.textContent = text;
  document.body.toggleAttribute("data-stale", text !== "");
}

function tick() {
  const perSecond = rate.tick(performance.now());
  byId("rate").textContent = perSecond === null ? "–"
    : perSecond < 10 ? perSecond.toFixed(1) : count(perSecond);
  const { line, area } = rate.paths(120, 32);
  byId("spark").querySelector(".line").setAttribute("d", line);
  byId("spark").querySelector(".area").setAttribute("d", area);
}

const path = () => `ws?top=${byId("top").value}&limit=10`;
const live = new Live(path(), onMessage, onState);
byId("retry").addEventListener("click", () => live.retry());
byId("top").addEventListener("change", () => {
  table.reset();
  live.open(path());
});
setInterval(tick, 1000);
live.open();
