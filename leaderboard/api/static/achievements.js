// The list of recent achievements. Rarity is a word, a number of bars, and a colour.

import { byId, clock, element } from "./page.js";

const ARRIVE = [{ opacity: 0, transform: "translateY(-8px)" }, { opacity: 1, transform: "none" }];
const ARRIVE_MS = 450;
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const RARITIES = ["common", "uncommon", "rare", "epic", "legendary"];

export class Achievements {
  constructor() {
    this.list = byId("achievements");
    this.rows = new Map();
  }

  show(achievements) {
    byId("no-achievements").hidden = achievements.length > 0;
    byId("no-achievements").textContent = "Nobody has unlocked one yet.";
    this.list.hidden = achievements.length === 0;
    const kept = new Map(achievements.map((a) => [a.event_id, this.rows.get(a.event_id) ?? newRow(a)]));
    for (const [id, row] of this.rows) if (!kept.has(id)) row.remove();
    [...kept.values()].forEach((row, i) => {
      const there = this.list.children[i];
      if (there !== row) this.list.insertBefore(row, there ?? null);
    });
    if (this.rows.size && !calm.matches) {
      for (const [id, row] of kept) if (!this.rows.has(id)) row.animate(ARRIVE, ARRIVE_MS);
    }
    this.rows = kept;
  }
}

function newRow(one) {
  const level = RARITIES.indexOf(one.rarity) + 1;
  const pips = RARITIES.map((_, i) => element("i", { className: i < level ? "on" : "" }));
  return element(
    "li",
    {},
    element("span", { className: "what", title: one.achievement }, one.achievement),
    element(
      "span",
      { className: "rarity", data: { rarity: one.rarity } },
      one.rarity,
      element("span", { className: "pips", "aria-hidden": "true" }, ...pips),
    ),
    element("span", { className: "by", title: `${one.player} (${one.player_id})` }, one.player),
    element("time", { dateTime: one.timestamp, title: one.timestamp }, clock(one.timestamp)),
  );
}
