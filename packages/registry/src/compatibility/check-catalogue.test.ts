import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonSchema, SchemaVersion } from "@bourse/contracts";
import { asyncApiDocument } from "@bourse/contracts";
import { type CatalogueRecord, currentRecord, recordOfAsyncApi } from "./catalogue-record.ts";
import {
  compareCatalogues,
  compareVersions,
  compareWithRecord,
  type Finding,
  missingVersions,
} from "./check-catalogue.ts";

const text = { type: "string" };
const object = (fields: readonly string[], required: readonly string[] = fields): JsonSchema => ({
  type: "object",
  required,
  properties: Object.fromEntries(fields.map((name) => [name, text])),
});
const event = (eventType: string, version: number, schema: JsonSchema): SchemaVersion => ({
  eventType,
  version,
  schema,
});

function record(events: readonly SchemaVersion[], partitions = 4): CatalogueRecord {
  return {
    events: new Map(events.map((each) => [each.eventType, each])),
    topics: new Map([["t", { partitions, events: new Set(events.map(({ eventType }) => eventType)) }]]),
  };
}

const told = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ event: name, olderVersion, newerVersion, field, rule }) =>
    `${name} ${olderVersion}>${newerVersion} ${rule.name} ${field}`.trimEnd(),
  );

describe("a catalogue against an earlier one", () => {
  const before = record([event("A", 1, object(["a"])), event("B", 1, object(["b"]))]);

  test("nothing has changed", () => assert.deepEqual(compareCatalogues(before, before), []));

  test("an optional field under a new version is fine", () => {
    const now = record([event("A", 2, object(["a", "c"], ["a"])), event("B", 1, object(["b"]))]);
    assert.deepEqual(compareCatalogues(before, now), []);
  });

  test("an optional field under the same version is not", () => {
    const now = record([event("A", 1, object(["a", "c"], ["a"])), event("B", 1, object(["b"]))]);
    assert.deepEqual(told(compareCatalogues(before, now)), ["A 1>1 version_not_raised"]);
  });

  test("a required field names itself", () => {
    const now = record([event("A", 2, object(["a", "c"])), event("B", 1, object(["b"]))]);
    assert.deepEqual(told(compareCatalogues(before, now)), ["A 1>2 required_added c"]);
  });

  test("a version only goes up", () => {
    const now = record([event("A", 0, object(["a"])), event("B", 1, object(["b"]))]);
    assert.deepEqual(told(compareCatalogues(before, now)), ["A 1>0 version_lowered"]);
  });

  test("an event is gone, another one is new", () => {
    const now = record([event("A", 1, object(["a"])), event("C", 1, object(["c"]))]);
    assert.deepEqual(told(compareCatalogues(before, now)), [
      "B 1>null event_removed",
      "C null>1 event_added",
    ]);
  });

  test("an event is in another topic", () => {
    const now = {
      events: before.events,
      topics: new Map([
        ["t", { partitions: 4, events: new Set(["A"]) }],
        ["u", { partitions: 1, events: new Set(["B"]) }],
      ]),
    };
    assert.deepEqual(told(compareCatalogues(before, now)), ["B 1>1 event_removed"]);
  });

  test("partitions and topics stay (R3)", () => {
    const fewer = record([...before.events.values()], 2);
    assert.deepEqual(told(compareCatalogues(before, fewer)), ["t null>null partitions_changed"]);
    const none = { events: before.events, topics: new Map() };
    assert.deepEqual(told(compareCatalogues(before, none)), ["t null>null topic_removed"]);
  });
});

describe("versions on record", () => {
  const first = event("A", 1, object(["a", "b"], ["a"]));

  test("the event as it is now reads all of them, not only the last", () => {
    const second = event("A", 2, object(["a", "b"]));
    const now = event("A", 3, object(["a", "b"]));
    assert.deepEqual(told(compareWithRecord([first, second, now], new Map([["A", now]]))), [
      "A 1>3 required_added b",
    ]);
  });

  test("an event that was written once keeps its contract", () => {
    assert.deepEqual(told(compareWithRecord([first], new Map())), ["A 1>null event_removed"]);
  });

  test("none is missing", () => {
    const now = event("A", 3, object(["a"]));
    assert.deepEqual(told(missingVersions([first, now], new Map([["A", now]]))), ["A 2>3 version_missing"]);
  });

  test("none is edited or taken away", () => {
    const edited = event("A", 1, object(["a"]));
    assert.deepEqual(told(compareVersions([first], [edited])), ["A 1>1 version_not_raised"]);
    assert.deepEqual(told(compareVersions([first], [])), ["A 1>null version_missing"]);
    assert.deepEqual(compareVersions([first], [first, edited].slice(0, 1)), []);
  });
});

test("what AsyncAPI tells of the catalogue is the catalogue", () => {
  const told = recordOfAsyncApi(JSON.parse(JSON.stringify(asyncApiDocument())));
  const current = currentRecord();
  assert.deepEqual(told.topics, current.topics);
  assert.deepEqual([...told.events.keys()].sort(), [...current.events.keys()].sort());
  assert.deepEqual(compareCatalogues(told, current), []);
});
