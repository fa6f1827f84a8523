import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@bourse/base";
import type { Run } from "./outbox.ts";
import { RelayLane } from "./relay-lane.ts";

function run(firstSequence: number, lastSequence: number): Run {
  const count = lastSequence - firstSequence + 1;
  return {
    topic: "t",
    partition: 0,
    epoch: 1,
    firstSequence,
    lastSequence,
    timeMs: 0,
    keys: new Array<string>(count).fill("k"),
    bodies: Array.from({ length: count }, (_, nth) => String(firstSequence + nth)),
    versions: new Array<number>(count).fill(1),
    events: null,
    traceparent: undefined,
  };
}

/** Takes a batch and acknowledges it; the numbers it held. */
function drain(lane: RelayLane, maxRecords = 1_000): number[] {
  const sent: number[] = [];
  while (!lane.empty) {
    const slices = lane.takeBatch(maxRecords, 1_000_000);
    const batch = slices.flatMap(({ run: { bodies }, from, to }) => bodies.slice(from, to).map(Number));
    assert.ok(batch.length > 0 && batch.length <= maxRecords);
    sent.push(...batch);
    lane.acknowledged += batch.length;
  }
  return sent;
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, nth) => nth + 1);

test("R4: a hand-off that was overtaken waits for the earlier one", () => {
  const lane = new RelayLane("t", 0);
  lane.offer(run(4, 6), 100);
  assert.ok(lane.empty && lane.gap);
  lane.offer(run(1, 3), 100);
  assert.ok(!lane.gap);
  assert.deepEqual(drain(lane), upTo(6));
});

test("R4: resuming in the middle of a run sends from the lowest number not acknowledged", () => {
  const lane = new RelayLane("t", 0);
  lane.resumeAt({ epoch: 1, acknowledged: 4, known: 10, end: 0n });
  assert.ok(lane.mustRead);
  assert.ok(lane.refill([run(3, 6), run(7, 10)]));
  assert.deepEqual(drain(lane), [5, 6, 7, 8, 9, 10]);
});

test("R4: a row that is missing is never skipped", () => {
  const lane = new RelayLane("t", 0);
  lane.resumeAt({ epoch: 1, acknowledged: 4, known: 10, end: 0n });
  assert.ok(!lane.refill([run(6, 10)]));
  assert.ok(lane.empty && lane.gap);
});

test("rows of other instances that nobody was told of are known once they are read", () => {
  const lane = new RelayLane("t", 0);
  lane.resumeAt({ epoch: 1, acknowledged: 4, known: 6, end: 0n });
  assert.ok(lane.refill([run(5, 6), run(7, 10)]));
  assert.deepEqual(drain(lane), [5, 6, 7, 8, 9, 10]);
  assert.equal(lane.known - lane.acknowledged, 0, "a backlog below zero would hide another lane's");
});

test("memory is bounded: what there is no room for is read from the table", () => {
  const lane = new RelayLane("t", 0);
  lane.offer(run(1, 3), 3);
  lane.offer(run(4, 9), 0);
  assert.ok(lane.mustRead);
  assert.equal(lane.queuedRecords, 3);
  assert.deepEqual(drain(lane), [1, 2, 3]);
  assert.equal(lane.queuedRecords, 0);
  assert.ok(lane.refill([run(4, 9)]));
  assert.deepEqual(drain(lane), [4, 5, 6, 7, 8, 9]);
});

test("R4: numbers that another relay has had acknowledged are not sent again", () => {
  const lane = new RelayLane("t", 0);
  lane.resumeAt({ epoch: 1, acknowledged: 0, known: 0, end: 0n });
  lane.skipTo(5, 8n);
  assert.equal(lane.end, 8n, "it goes behind them");
  lane.offer(run(4, 7), 100);
  assert.deepEqual(drain(lane), [6, 7]);
});

test("R6: behind what another relay has sent of an earlier epoch the table is read on in that epoch", () => {
  const lane = new RelayLane("t", 0);
  const epochs = [{ epoch: 2, sequence: 6 }];
  lane.resumeAt({ epoch: 2, epochs, acknowledged: 0, known: 9, end: 0n });
  lane.skipTo(3, 3n);
  assert.deepEqual([lane.through, lane.throughEpoch], [3, 1]);
  lane.skipTo(7, 7n);
  assert.deepEqual([lane.through, lane.throughEpoch], [7, 2]);
});

test("R4: what is queued and another relay has had acknowledged is passed over between two batches", () => {
  const lane = new RelayLane("t", 0);
  for (const each of [run(1, 3), run(4, 6), run(7, 9)]) lane.offer(each, 100);
  lane.busy = true;
  lane.takeBatch(2, 1_000_000);
  lane.skipTo(5, 5n);
  assert.ok(lane.isSkipped(5) && !lane.isSkipped(6));
  lane.acknowledged += 2;
  lane.skip();
  assert.deepEqual(drain(lane), [6, 7, 8, 9]);
  assert.equal(lane.queuedRecords, 0);
});

test("R4: in whatever order runs are handed over, read, kept out or sent by another relay, each number is sent once and in order", () => {
  const seed = Number(process.env.BOURSE_SEED ?? Math.floor(Math.random() * 2 ** 31));
  const random = seededRandom(seed);
  for (let round = 0; round < 300; round++) {
    const lane = new RelayLane("t", 0);
    const runs: Run[] = [];
    let last = 0;
    for (let count = random.below(12) + 1; count > 0; count--) {
      const size = random.below(5) + 1;
      runs.push(run(last + 1, last + size));
      last += size;
    }
    const order = runs.map((each) => ({ each, place: random.next() * 3 + each.firstSequence * 0.2 }));
    const sent: number[] = [];
    for (const { each } of order.sort((a, b) => a.place - b.place)) {
      if (random.below(8) > 0) lane.offer(each, random.below(3) === 0 ? 0 : 1_000);
      if (random.below(2) === 0) sent.push(...drain(lane, random.below(4) + 1));
      if (random.below(6) === 0) {
        const elsewhere = Math.min(last, lane.acknowledged + random.below(4));
        for (let number = lane.acknowledged + 1; number <= elsewhere; number++) sent.push(number);
        lane.skipTo(elsewhere, BigInt(elsewhere));
      }
      // The table has everything committed so far, in order.
      if (random.below(4) === 0 && lane.gap) {
        lane.refill(runs.filter((row) => row.lastSequence > lane.through).slice(0, 2));
      }
    }
    while (lane.through < last) {
      lane.known = last;
      lane.refill(runs.filter((row) => row.lastSequence > lane.through).slice(0, 2));
      sent.push(...drain(lane));
    }
    sent.push(...drain(lane));
    assert.deepEqual(sent, upTo(last), `BOURSE_SEED=${seed}, round ${round}`);
    assert.equal(lane.queuedRecords, 0, `BOURSE_SEED=${seed}, round ${round}: nothing is left in memory`);
  }
});
