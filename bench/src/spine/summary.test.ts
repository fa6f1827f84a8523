import assert from "node:assert/strict";
import { test } from "node:test";
import { measuresWith } from "./measures.fixture.ts";
import { summaryOf } from "./summary.ts";

test("programs are told the platform's figures, the floor's, and the ratios", () => {
  const summary = summaryOf(measuresWith({ floor: true }));
  assert.equal(summary.singleOrdersPerSecond, 4_000);
  assert.equal(summary.ackP99Ms, 30);
  assert.deepEqual(Object.keys(summary.loads), ["single256", "batched", "steady"]);
  assert.deepEqual(summary.loads.batched, {
    ordersPerSecond: 4_000,
    floorOrdersPerSecond: 16_000,
    shareOfFloor: 0.25,
    cpuMicros: { node: 300, postgres: 200, kafka: null },
    floorCpuMicros: { node: 80, postgres: 20, kafka: null },
    cpuTimesFloor: 5,
    machine: { idle: 0.125, stolen: 0.25 },
    floorMachine: { idle: 0.2, stolen: 0 },
  });
  assert.deepEqual(summary.loads.steady, {
    floorAckP50Ms: 3,
    floorAckP99Ms: 5,
    ackP50TimesFloor: 4,
    ackP99TimesFloor: 6,
    cpuMicros: { node: 600, postgres: 400, kafka: null },
    floorCpuMicros: { node: 80, postgres: 20, kafka: null },
    cpuTimesFloor: 10,
    machine: { idle: 0.3, stolen: 0.02 },
    floorMachine: { idle: 0.2, stolen: 0 },
  });
});

test("without the floor its figures are null, and the platform's are as before", () => {
  const { loads, ...plain } = summaryOf(measuresWith({ floor: false }));
  const { loads: _, ...same } = summaryOf(measuresWith({ floor: true }));
  assert.deepEqual(plain, same);
  assert.deepEqual(loads.batched, {
    ordersPerSecond: 4_000,
    floorOrdersPerSecond: null,
    shareOfFloor: null,
    cpuMicros: { node: 300, postgres: 200, kafka: null },
    floorCpuMicros: null,
    cpuTimesFloor: null,
    machine: { idle: 0.125, stolen: 0.25 },
    floorMachine: null,
  });
  assert.equal(loads.steady.ackP50TimesFloor, null);
});
