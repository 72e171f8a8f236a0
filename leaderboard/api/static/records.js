// The newest records of a topic; those that are open stay open.

import { byId, clock, element } from "./page.js";

export class Records {
  constructor() {
    this.list = byId("records");
    this.rows = new Map();
  }

  show(records, topic) {
    byId("no-records").hidden = records.length > 0;
    byId("no-records").textContent = "No records in this topic.";
    const kept = new Map();
    for (const record of records) {
      const id = `${topic}[${record.partition}]@${record.offset}`;
      kept.set(id, this.rows.get(id) ?? newRow(record, id));
    }
    for (const [id, row] of this.rows) if (!kept.has(id)) row.remove();
    [...kept.values()].forEach((row, i) => {
      const there = this.list.children[i];
      if (there !== row) this.list.insertBefore(row, there ?? null);
    });
    this.rows = kept;
  }
}

function newRow(record, id) {
  const details = element(
    "details", {},
    element(
      "summary", {},
      element("span", { className: "what" }, summary(record)),
      element("span", { className: "quiet" }, `${record.partition} @ ${record.offset}`),
    ),
    facts(record, id),
    element("pre", {}, record.value ?? "no value (null)"),
  );
  return element("li", {}, details);
}

/** What the record is about, in a line. */
function summary(record) {
  const key = record.key || "no key";
  let type = "";
  try {
    type = JSON.parse(record.value)?.event_type ?? "";
  } catch {
    type = "not JSON"; // shown as it came
  }
  return type ? `${type} · ${key}` : key;
}

function facts(record, id) {
  const lines = [
    ["Record", id],
    ["Key", record.key ?? "none"],
    ["Written", clock(record.timestamp)],
    ...Object.entries(record.headers),
  ];
  return element("dl", {}, ...lines.flatMap(([name, value]) => [
    element("dt", {}, name), element("dd", {}, value),
  ]));
}
