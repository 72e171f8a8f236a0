// What the reader chose to see, and the page's address, which says the same.

export const TOPS = ["10", "25", "50", "100"];
const PLAIN = { board: "global", at: "", game: "", policy: "", pane: "latest", top: "10" };

/** The choice that an address such as "?board=daily&at=2026-11-25" makes. */
export function readChoice(search) {
  const given = new URLSearchParams(search);
  return Object.fromEntries(
    Object.entries(PLAIN).map(([name, plain]) => [name, given.get(name) || plain]),
  );
}

/** The address of a choice, relative to this page. */
export function addressOf(choice) {
  const said = Object.keys(PLAIN).filter((name) => choice[name] !== PLAIN[name]);
  return said.length ? `?${new URLSearchParams(said.map((name) => [name, choice[name]]))}` : "./";
}

/** A board as it is first shown: what was chosen for another one does not carry over. */
export const firstOf = (board, top) => ({ ...PLAIN, board, top });

/** Whether it is what the server pushes: the global board as declared. */
export const isPushed = (choice) => addressOf({ ...choice, top: PLAIN.top }) === "./";

/** What the API is asked for this choice of a board with (or without) windows. */
export function questionOf(choice, isWindowed) {
  const asked = new URLSearchParams({ board: choice.board, top: choice.top });
  for (const name of ["at", "game", "policy"]) if (choice[name]) asked.set(name, choice[name]);
  if (choice.pane !== PLAIN.pane) asked.set("pane", choice.pane);
  if (isWindowed) asked.set("movement", "true");
  return `api/leaderboard?${asked}`;
}
