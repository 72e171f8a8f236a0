// The WebSocket to the server, opened again for as long as the page lives.

const FIRST_WAIT_S = 1;
const LONGEST_WAIT_S = 15;
const OPEN_TIMEOUT_MS = 8000;

/**
 * Calls onMessage(message) for every push, and onState(state, seconds) with "connecting",
 * "connected", "disconnected" (the browser is offline) or "waiting" and the seconds left until
 * the next try, which double from try to try.
 */
export class Live {
  constructor(path, onMessage, onState) {
    this.path = path;
    this.onMessage = onMessage;
    this.onState = onState;
    this.tries = 0;
    this.timer = null;
    this.socket = null;
    addEventListener("online", () => this.retry());
    addEventListener("offline", () => this.drop());
    addEventListener("pagehide", () => this.drop());
    addEventListener("pageshow", (event) => event.persisted && this.retry());
  }

  /** Open, or open anew on another path. */
  open(path = this.path) {
    this.path = path;
    this.drop();
    this.onState("connecting");
    const url = new URL(this.path, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    this.socket = socket;
    this.timer = setTimeout(() => socket.close(), OPEN_TIMEOUT_MS);
    socket.onopen = () => {
      clearTimeout(this.timer);
      this.onState("connected");
    };
    socket.onmessage = (event) => {
      this.tries = 0;
      this.onMessage(JSON.parse(event.data));
    };
    socket.onclose = () => this.wait();
  }

  /** Try again now. */
  retry() {
    this.tries = 0;
    this.open();
  }

  /** Close without opening again. */
  drop() {
    clearTimeout(this.timer);
    if (!this.socket) return;
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
    this.socket.close();
    this.socket = null;
    this.onState("disconnected");
  }

  wait() {
    this.drop();
    if (!navigator.onLine) return;
    const longest = Math.min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** this.tries);
    this.tries += 1;
    this.countDown(Math.ceil(longest * (0.75 + Math.random() / 2))); // not all pages at once
  }

  countDown(seconds) {
    if (seconds <= 0) {
      this.open();
      return;
    }
    this.onState("waiting", seconds);
    this.timer = setTimeout(() => this.countDown(seconds - 1), 1000);
  }
}
