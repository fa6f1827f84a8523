import assert from "node:assert/strict";
import { test } from "node:test";
import { InvariantError } from "@bourse/base";
import { createContracts } from "./contract-check.ts";
import type { OutgoingEvent } from "./envelope.ts";
import {
  appendStatement,
  createStamp,
  numberedEvents,
  numberRuns,
  planRuns,
  runsOf,
  stampBody,
  stampEvent,
} from "./outbox.ts";
import { recordsOfSlice } from "./outgoing-records.ts";
import { commands, orderContracts, placed, Settled, trades } from "./testing/fixtures.ts";

test("the timestamp stands behind eventType, and the decoded event is what parsing gives", () => {
  for (const event of [
    { eventType: "OrderPlaced", n: 1, note: 'quotes " and \u2028 and \u0000' },
    { eventType: "OrderPlaced" },
    { eventType: "OrderPlaced", nested: { eventType: "x", list: [1, "2"] } },
  ]) {
    const value = stampBody(JSON.stringify(event), "2026-01-02T03:04:05.678Z");
    assert.ok(value.startsWith('{"eventType":"OrderPlaced","timestamp":"2026-01-02T03:04:05.678Z"'), value);
    assert.deepEqual(JSON.parse(value), stampEvent(event, "2026-01-02T03:04:05.678Z"));
  }
});

test("bodies of several types are stamped one after the other", () => {
  const stamp = createStamp("2026-01-02T03:04:05.678Z");
  const events = ["A", "A", "AB", "A", "", "A"].map((eventType, n) => ({ eventType, n }));
  for (const event of events) {
    const body = JSON.stringify(event);
    assert.equal(stamp(body), stampBody(body, "2026-01-02T03:04:05.678Z"));
    assert.deepEqual(JSON.parse(stamp(body)), stampEvent(event, "2026-01-02T03:04:05.678Z"));
  }
  assert.equal(stamp('{"plain":1}'), '{"plain":1}');
});

test("R2: an event is refused from a service that is not its writer, on a topic it does not publish", () => {
  assert.throws(() => planRuns(createContracts("wallet", [commands], false), [placed(1)]), InvariantError);
  assert.throws(() => planRuns(createContracts("order", [], false), [placed(1)]), InvariantError);
  const foreign = {
    topic: trades,
    key: null,
    partition: 0,
    event: { eventType: "Executed", n: 1 },
  } as OutgoingEvent;
  assert.throws(() => planRuns(createContracts("wallet", [trades], false), [foreign]), /R2/);
  const own = {
    topic: trades,
    key: null,
    partition: 0,
    event: { eventType: "Settled", n: 1 },
  } as OutgoingEvent;
  assert.equal(planRuns(createContracts("wallet", [trades], false), [own]).length, Settled.version);
});

test("events that the outbox can't keep are refused", () => {
  const refuse = (event: object, rule: RegExp, partition = 0): void => {
    const outgoing = { topic: commands, key: "k", partition, event } as unknown as OutgoingEvent;
    assert.throws(() => planRuns(orderContracts(), [outgoing]), rule);
  };
  refuse({ n: 1, eventType: "OrderPlaced" }, /first property/);
  refuse({ eventType: "OrderPlaced", timestamp: "x", n: 1 }, /no timestamp/);
  refuse({ eventType: "OrderPlaced", n: 1 }, /partition/, 2);
  refuse({ eventType: "OrderPlaced", n: 1.5 }, /keeps its contract/);
  refuse({ eventType: "OrderPlaced", n: 1, note: undefined }, /JSON keeps|contract/);
});

test("R3, R13: runs are in (topic, partition) order, and events find their numbers again", () => {
  const planned = planRuns(orderContracts(), [placed(1, 1), placed(2, 0), placed(3, 1)]);
  assert.deepEqual(
    planned.map(({ partition, places }) => ({ partition, places })),
    [
      { partition: 0, places: [1] },
      { partition: 1, places: [0, 2] },
    ],
  );
  const topic = commands.name;
  const rows = [
    { topic, partition: 1, epoch: 1, first_sequence: 100n, time_ms: 60n },
    { topic, partition: 0, epoch: 1, first_sequence: 7n, time_ms: 50n },
  ];
  const runs = numberRuns(planned, rows, "00-a");
  assert.deepEqual(
    numberedEvents(planned, runs, 3).map(({ partition, sequence, timeMs }) => [partition, sequence, timeMs]),
    [
      [1, 100, 60],
      [0, 7, 50],
      [1, 101, 60],
    ],
  );
});

test("a row of the outbox gives the records that memory gives", () => {
  const planned = planRuns(orderContracts(), [placed(1), placed(2), { ...placed(3), key: null }]);
  const numbers = { epoch: 2, first_sequence: 5n, time_ms: 1_700_000_000_000n };
  const [run] = numberRuns(planned, [{ topic: commands.name, partition: 0, ...numbers }], "00-x");
  assert.ok(run !== undefined);
  const { values } = appendStatement(planned, 0, "00-x");
  const [read] = runsOf(commands.name, 0, [
    {
      epoch: 2,
      first_sequence: 5n,
      last_sequence: 7n,
      time_ms: 1_700_000_000_000n,
      keys: values[4],
      bodies: values[5],
      versions: values[6],
      traceparent: values[7],
    },
  ]);
  assert.ok(read !== undefined);
  const fromMemory = recordsOfSlice("order", { run, from: 1, to: 3 });
  const fromTable = recordsOfSlice("order", { run: read, from: 1, to: 3 });
  assert.deepEqual(
    fromTable,
    fromMemory.map((record) => ({ ...record, decoded: undefined })),
  );
  for (const { decoded, value } of fromMemory) assert.deepEqual(decoded, JSON.parse(value));
  assert.deepEqual(fromTable[0]?.headers, {
    id: "test-commands/0/2/6",
    producer: "order",
    epoch: "2",
    sequence: "6",
    "event-version": "3",
    traceparent: "00-x",
  });
});
