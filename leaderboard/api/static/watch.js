// One question, asked again and again for as long as its answer is wanted.

import { readServerClock } from "./countdown.js";
import { AnswerError, request } from "./page.js";

const AFTER_FAILURE_MS = 5000;

/**
 * Calls onAnswer(body) whenever the answer changed, and onProblem(error) when there is none.
 * `every(body)` says how many milliseconds pass between an answer and the next request.
 */
export class Watch {
  constructor({ every, onAnswer, onProblem }) {
    this.every = every;
    this.onAnswer = onAnswer;
    this.onProblem = onProblem;
    this.turn = 0;
    this.path = "";
    this.forget();
  }

  /** Ask `path` from now on, and nothing else. */
  open(path) {
    this.path = path;
    this.forget();
    this.again();
  }

  close() {
    this.path = "";
    this.turn += 1;
    clearTimeout(this.timer);
  }

  /** Ask now, without waiting for the time. */
  again() {
    if (!this.path) return;
    clearTimeout(this.timer);
    this.turn += 1;
    this.run(this.turn);
  }

  forget() {
    this.tag = "";
    this.body = null;
  }

  async run(turn) {
    const wait = document.hidden ? AFTER_FAILURE_MS : await this.once(turn);
    if (turn === this.turn) this.timer = setTimeout(() => this.run(turn), wait);
  }

  /** Ask once; returns how long to wait then. An answer that came too late is nobody's. */
  async once(turn) {
    try {
      const answer = await request(this.path, this.tag ? { "If-None-Match": this.tag } : {});
      readServerClock(answer.headers.get("Date"));
      const body = answer.status === 304 ? this.body : await bodyOf(answer);
      if (turn !== this.turn) return 0;
      if (answer.status !== 304) {
        this.tag = answer.headers.get("ETag") ?? "";
        this.body = body;
        this.onAnswer(body);
      }
      return this.every(body);
    } catch (error) {
      if (!(error instanceof AnswerError)) throw error;
      if (turn !== this.turn) return 0;
      this.forget(); // the next answer is shown, even if it is the one of before
      this.onProblem(error);
      return AFTER_FAILURE_MS;
    }
  }
}

async function bodyOf(answer) {
  try {
    return await answer.json();
  } catch {
    throw new AnswerError("The server's answer broke off.");
  }
}
