// Small things every page needs. Texts from outside only ever become text nodes.

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** 12345.6 -> "12,346" */
export const count = (n) => whole.format(n);

/** A new element with properties and children (texts or elements). */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "data") Object.assign(made.dataset, value);
    else if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

export const byId = (id) => document.getElementById(id);

/** An ISO instant as local time; with the date when it is not today's. */
export function clock(iso) {
  const instant = new Date(iso);
  if (Number.isNaN(instant.getTime())) return iso;
  const time = instant.toLocaleTimeString("en-GB");
  const today = instant.toDateString() === new Date().toDateString();
  return today ? time : `${instant.toLocaleDateString("en-CA")} ${time}`;
}

/** The JSON at `path` (relative to this page); throws an Error that says why there is none. */
export async function ask(path) {
  let answer;
  try {
    answer = await fetch(path, { signal: AbortSignal.timeout(10_000) });
  } catch {
    throw new Error("The server does not answer.");
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    throw new Error(typeof body.detail === "string" ? body.detail : `Status ${answer.status}`);
  }
  return body;
}
