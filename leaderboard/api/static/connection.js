// Whether what is shown is fresh: the state of the connection, and the notice when it is lost.

import { byId, clock } from "./page.js";

const WORDS = {
  connecting: () => "Connecting",
  connected: () => "Live",
  disconnected: () => "Disconnected",
  waiting: (seconds) => `Reconnecting in ${seconds} s`,
};

export class Connection {
  constructor() {
    this.state = "connecting";
    this.redis = "";
    this.updated = "";
  }

  /** The server told whether Redis answers; `problem` is empty when it does. */
  showRedis(problem) {
    this.redis = problem;
    this.showNotice();
  }

  /** The board that is shown is as of `iso`. */
  showUpdated(iso) {
    this.updated = iso;
    byId("updated").textContent = clock(iso);
    byId("updated").dateTime = iso;
  }

  /** As `Live` calls it. */
  showState(state, seconds) {
    this.state = state;
    const pill = byId("connection");
    pill.dataset.state = state;
    const words = pill.querySelector(".words");
    const text = WORDS[state](seconds);
    if (words.textContent !== text) words.textContent = text;
    // a countdown read aloud every second would be noise
    pill.setAttribute("aria-live", state === "waiting" ? "off" : "polite");
    this.showNotice();
  }

  showNotice() {
    const lost = this.state === "waiting" || this.state === "disconnected";
    const since = this.updated ? ` The board is as of ${clock(this.updated)}.` : "";
    const text = lost ? `Disconnected from the server.${since}`
      : this.redis && this.state === "connected" ? `Redis does not answer.${since}` : "";
    const notice = byId("notice");
    if (this.state === "connecting" && !notice.hidden && text === "") return; // no flicker
    notice.hidden = text === "";
    notice.title = lost ? "" : this.redis;
    byId("retry").hidden = !lost;
    const line = notice.querySelector("p");
    if (line.textContent !== text) line.textContent = text;
    document.body.toggleAttribute("data-stale", text !== "");
  }
}
