// Boards, windows and scores in words.

import { count } from "./page.js";

const METRICS = {
  points: "points", kills: "kills", achievements: "achievements, the rarer the more",
  kda: "(kills + assists) / deaths in finished matches; no death counts as one",
  win_rate: "the share of finished matches won, with its 95 % interval",
  streak: "the most wins in a row",
};
const OPERATORS = {
  sum: "all", best: "the best single event's", last: "the newest event's", min: "the lowest single event's",
};
const COLUMNS = { kills: "Kills", kda: "KDA", win_rate: "Win rate", streak: "Wins in a row" };
const UNITS = { points: "points", kills: "kills", streak: "wins in a row" };
export const STATES = {
  open: ["Open", "The window has not ended."],
  closing: ["Closing", "The window has ended; late events may still count."],
  final: ["Final", "Nothing can change this result any more."],
};
export const POLICIES = {
  ordinal: "Ordinal 1234", competition: "Shared 1224", dense: "Dense 1223",
};

/** "win_rate" -> "Win rate" */
export function boardName(name) {
  const words = name.replaceAll("_", " ");
  return words === "kda" ? "KDA" : words.charAt(0).toUpperCase() + words.slice(1);
}

/** "Wed 25 Nov 2026"; in the board's time zone, which is said where hours are. */
export function windowName(window, { window: kind, zone }) {
  const week = /^(\d{4})-W(\d\d)$/.exec(window.label);
  if (week) return `Week ${Number(week[2])} of ${week[1]}`;
  const [start, end] = [new Date(window.start), new Date(window.end)];
  try {
    if (kind === "monthly") return inZone(zone, { month: "long", year: "numeric" }).format(start);
    const day = { weekday: "short", day: "numeric", month: "short", year: "numeric" };
    if (kind === "daily") return inZone(zone, day).format(start).replace(",", "");
    const time = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
    if (new Date(start).getSeconds() || new Date(end).getSeconds()) time.second = "2-digit";
    return `${inZone(zone, time).formatRange(start, end)} ${zone}`;
  } catch {
    return window.label; // a time zone that this browser does not know
  }
}

const inZone = (timeZone, parts) => new Intl.DateTimeFormat("en-GB", { ...parts, timeZone });
const percent = (share) => (100 * share).toFixed(1);

/** The head of the score column. */
export const scoreColumn = ({ metric }) => COLUMNS[metric] ?? "Score";

/** A score as text: "1,250", "1.50", "66.7 %". */
export function scoreText(score, { metric }) {
  if (metric === "kda") return score.toFixed(2);
  return metric === "win_rate" ? `${percent(score)} %` : count(score);
}

/** A score in a sentence: "1,250 points". */
export const scoreWords = (score, definition) =>
  [scoreText(score, definition), UNITS[definition.metric]].filter(Boolean).join(" ");

/** What a rate is made of, short and in full; null for other scores. */
export function rateWords(rate, { metric }) {
  if (!rate) return null;
  const { numerator, denominator, matches, low, high } = rate;
  if (metric === "win_rate") {
    const won = `${count(numerator)} of ${count(denominator)} matches won`;
    const words = `${won}; 95 % interval from ${percent(low)} % to ${percent(high)} %`;
    return { short: `${percent(low)}–${percent(high)} %`, words };
  }
  const parts = `${count(numerator)} kills and assists, ${count(denominator)} deaths`;
  return { short: `${count(numerator)} / ${count(denominator)}`, words: `${parts} in ${count(matches)} matches` };
}

/** What a board counts, how it ranks equals, and who is left out. */
export function boardRules(definition, policy) {
  const { metric, operator, order, window, gap_s: gap, tie_break: tie, min_games: least } = definition;
  const isMatch = metric in { kda: 1, win_rate: 1, streak: 1 };
  const rules = [`Counts ${isMatch ? "" : `${OPERATORS[operator]} `}${METRICS[metric]}`];
  if (window === "session") rules[0] += `, of a player's best sitting (events less than ${count(gap)} s apart)`;
  if (order === "asc") rules.push("The lowest score leads");
  const shared = policy === "ordinal" ? "" : "share a rank and ";
  rules.push(`Equal scores ${shared}stand in order of ${tie === "first" ? "who reached them first" : "player id"}`);
  if (least) rules.push(`Players with fewer than ${count(least)} finished matches are not shown: too few to tell`);
  return rules.map((rule) => `${rule}.`).join(" ");
}
