// A form that calls a route from the reference, by HTTP or WebSocket.

import { element } from "./page.js";

const SHOWN_MESSAGES = 3;

/** The form for `path` with its parameters; `type` puts a schema in words. */
export function attempt(path, parameters, type) {
  const inputs = parameters.map((parameter) => field(parameter, type));
  const curl = element("code", {});
  const result = element("pre", { hidden: true, tabIndex: 0 });
  const form = element(
    "form", { className: "try" },
    ...inputs.map(([label]) => label),
    element("button", {}, path === "/ws" ? "Connect" : "Send"),
    element("div", {}, curl),
  );
  const url = () => address(path, inputs);
  const showCommand = () => {
    curl.textContent = path === "/ws" ? url().href.replace(/^http/, "ws") : `curl '${url().href}'`;
  };
  form.addEventListener("input", showCommand);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    result.hidden = false;
    if (path === "/ws") listen(url(), result);
    else send(url(), result);
  });
  showCommand();
  return element("div", {}, form, result);
}

function field(parameter, type) {
  const example = parameter.examples?.[0] ?? parameter.schema?.examples?.[0] ?? "";
  const input = element("input", {
    name: parameter.name,
    value: parameter.schema?.default ?? example,
    required: parameter.required,
  });
  const words = [type(parameter.schema), parameter.description].filter(Boolean).join(" · ");
  const label = element(
    "label", {},
    element("span", {}, parameter.name), input, element("span", { className: "quiet" }, words),
  );
  return [label, input, parameter];
}

/** Where the form points, relative to this page, so that it works behind a proxy's prefix. */
function address(path, inputs) {
  let filled = path.slice(1);
  const query = new URLSearchParams();
  for (const [, input, parameter] of inputs) {
    const slot = `{${parameter.name}}`;
    if (filled.includes(slot)) filled = filled.replace(slot, encodeURIComponent(input.value));
    else if (input.value) query.set(parameter.name, input.value);
  }
  const url = new URL(filled, location.href.split("?")[0]);
  url.search = query;
  return url;
}

async function send(url, result) {
  try {
    const answer = await fetch(url);
    const text = await answer.text();
    const body = answer.headers.get("content-type")?.includes("json")
      ? JSON.stringify(JSON.parse(text), null, 2) : text;
    result.textContent = `${answer.status} ${answer.statusText}\n\n${body}`;
  } catch (error) {
    result.textContent = `No answer: ${error.message}`;
  }
}

/** Show the first few messages, then hang up. */
function listen(url, result) {
  url.protocol = url.protocol.replace("http", "ws");
  const socket = new WebSocket(url);
  let seen = 0;
  result.textContent = "Connecting…";
  socket.onmessage = (event) => {
    seen += 1;
    const text = JSON.stringify(JSON.parse(event.data), null, 2);
    result.textContent = `Message ${seen} of ${SHOWN_MESSAGES} before hanging up\n\n${text}`;
    if (seen === SHOWN_MESSAGES) socket.close();
  };
  socket.onclose = (event) => {
    if (seen === 0) result.textContent = `Closed with code ${event.code} before any message.`;
  };
}
