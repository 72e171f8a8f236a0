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

/** Why there is no answer: the server's words, and its status (0: it did not answer). */
export class AnswerError extends Error {
  constructor(text, status = 0) {
    super(text);
    this.status = status;
  }
}

/** What `path` (relative to this page) answers: content, or 304. Throws an AnswerError. */
export async function request(path, headers = {}) {
  let answer;
  try {
    answer = await fetch(path, { headers, signal: AbortSignal.timeout(10_000) });
  } catch {
    throw new AnswerError("The server does not answer.");
  }
  if (answer.ok || answer.status === 304) return answer;
  const { detail } = await answer.json().catch(() => ({}));
  const words = Array.isArray(detail) ? detail.map((one) => one.msg).join("; ") : detail;
  throw new AnswerError(words || `Status ${answer.status}`, answer.status);
}

/** The JSON at `path`; throws an AnswerError. */
export async function ask(path) {
  const answer = await request(path);
  return answer.json().catch(() => {
    throw new AnswerError("The server's answer broke off.");
  });
}
