// Kafka from the inside: asks api/pipeline every two seconds and shows the answer.

import { ask, byId, clock, count, element } from "./page.js";
import { Records } from "./records.js";

const EVERY_MS = 2000;
const records = new Records();
const page = { topic: new URLSearchParams(location.search).get("topic") ?? "", topicNames: null, paused: false };

async function refresh() {
  const asked = page.topic;
  try {
    const answer = await ask(`api/pipeline${asked ? `?topic=${encodeURIComponent(asked)}` : ""}`);
    if (asked === page.topic) show(answer);
  } catch (error) {
    showState("disconnected", "No data");
    showNotice(`${error.message} Trying again every ${EVERY_MS / 1000} s.`, true);
  }
}

async function run() {
  if (!document.hidden && !page.paused) await refresh();
  setTimeout(run, EVERY_MS);
}

function show(pipeline) {
  showState("connected", `Read at ${clock(pipeline.read_at)}`);
  showNotice(pipeline.redis_problem && "Redis does not answer: its offsets are unknown.", false);
  const topic = pipeline.topics.find((t) => t.name === pipeline.topic);
  showTopicChoice(pipeline.topics, pipeline.topic);
  showNumbers(topic?.partitions ?? [], pipeline);
  showPartitions(topic?.partitions ?? [], pipeline);
  showGroup(pipeline.group);
  showTopics(pipeline.topics, pipeline.topic);
  records.show(pipeline.records, pipeline.topic);
}

function showState(state, text) {
  byId("connection").dataset.state = state;
  byId("connection").querySelector(".words").textContent = text;
}

function showNotice(text, isStale) {
  byId("notice").hidden = !text;
  byId("notice").querySelector("p").textContent = text || "";
  document.body.toggleAttribute("data-stale", isStale);
}

function showTopicChoice(topics, current) {
  const select = byId("topic");
  const names = topics.map((t) => t.name);
  if (!names.includes(current)) names.unshift(current);
  const shown = [...select.options].map((o) => o.value);
  if (names.join("\n") !== shown.join("\n")) {
    select.replaceChildren(...names.map((name) => new Option(name, name)));
  }
  select.value = current;
}

function sum(partitions, field) {
  const known = partitions.map((p) => p[field]).filter((n) => n !== null);
  return known.length ? count(known.reduce((a, b) => a + b, 0)) : "–";
}

function showNumbers(partitions, pipeline) {
  byId("records-held").textContent = count(partitions.reduce((n, p) => n + p.end - p.begin, 0));
  byId("stored-lag").textContent = sum(partitions, "stored_lag");
  byId("committed-lag").textContent = sum(partitions, "committed_lag");
  byId("members-count").textContent = count(pipeline.group.members.length);
}

function showPartitions(partitions, pipeline) {
  byId("partitions").hidden = partitions.length === 0;
  byId("no-topic").hidden = partitions.length > 0;
  byId("no-topic").textContent = `There is no topic ${pipeline.topic} yet: the producer makes it.`;
  const body = byId("partitions").tBodies[0];
  while (body.rows.length > partitions.length) body.rows[body.rows.length - 1].remove();
  partitions.forEach((partition, i) => fillRow(body.rows[i] ?? newRow(body), partition));
}

function newRow(body) {
  const row = body.insertRow();
  for (let i = 0; i < 7; i += 1) row.insertCell();
  row.cells[1].className = "read";
  row.cells[1].append(element("span", { className: "ladder", "aria-hidden": "true" }));
  return row;
}

function fillRow(row, partition) {
  const { begin, end, committed, stored } = partition;
  const position = stored ?? committed;
  const lag = partition.stored_lag ?? partition.committed_lag;
  const share = position === null ? 0 : end === begin ? 1 : (position - begin) / (end - begin);
  const text = (n) => (n === null ? "–" : count(n));
  row.cells[0].textContent = partition.partition;
  row.cells[1].firstChild.style.setProperty("--share", Math.max(0, Math.min(1, share)).toFixed(4));
  [begin, committed, stored, end, lag].forEach((n, i) => {
    row.cells[i + 2].textContent = text(n);
  });
  row.cells[6].dataset.lag = lag ? "some" : "none";
}

function showGroup(group) {
  byId("group").textContent = `${group.name} · ${group.state === "Dead" ? "never seen" : group.state}`;
  byId("no-members").hidden = group.members.length > 0;
  byId("members").replaceChildren(...group.members.map((member) => {
    const reads = Object.entries(member.partitions).map(([topic, parts]) => `${topic} ${parts.join(", ")}`);
    return element(
      "li", { title: member.member_id },
      element("b", {}, member.client_id),
      element("span", { className: "quiet" }, reads.length ? `reads ${reads.join("; ")}` : "idle: no partition left for it"),
    );
  }));
}

function showTopics(topics, current) {
  const names = topics.map((t) => t.name).join("\n");
  if (names !== page.topicNames) byId("topics").replaceChildren(...topics.map(newTopic));
  page.topicNames = names;
  topics.forEach((topic, i) => {
    const [name, parts, held] = byId("topics").children[i].children;
    name.toggleAttribute("aria-current", topic.name === current);
    parts.textContent = `${topic.partitions.length} partitions`;
    held.textContent = `${count(topic.partitions.reduce((n, p) => n + p.end - p.begin, 0))} records`;
  });
}

function newTopic(topic) {
  const name = element("button", { type: "button" }, topic.name);
  name.addEventListener("click", () => choose(topic.name));
  return element("li", {}, name, element("span", { className: "quiet" }), element("span"));
}

function choose(topic) {
  page.topic = topic;
  history.replaceState(null, "", `?topic=${encodeURIComponent(topic)}`);
  refresh();
}

byId("topic").addEventListener("change", (event) => choose(event.target.value));
byId("pause").addEventListener("click", (event) => {
  page.paused = !page.paused;
  event.target.setAttribute("aria-pressed", page.paused);
  event.target.textContent = page.paused ? "Go on" : "Pause";
  if (page.paused) showState("waiting", "Paused");
});
run();
