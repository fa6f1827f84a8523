import assert from "node:assert/strict";
import { test } from "node:test";
import { backoff } from "./backoff.ts";
import { unavailable } from "./failure.ts";
import { type PartitionQueue, rejectExpired } from "./partition-queue.ts";

/** A queue of batches of two records, and the codes with which they were rejected, "" for those that still wait. */
function queueOf(batches: readonly { readonly acknowledged: number; readonly isExpired: boolean }[]) {
  const codes = batches.map(() => "");
  const record = { key: null, value: "x", headers: {}, timestampMs: 1 };
  const queue: PartitionQueue = {
    at: { topic: "t", partition: 0 },
    waiting: batches.map(({ acknowledged, isExpired }, index) => ({
      records: [record, record],
      sizes: [1, 1],
      deadlineMs: isExpired ? 0 : Number.POSITIVE_INFINITY,
      resolve: () => assert.fail("nothing is sent"),
      reject: ({ code }) => {
        codes[index] = code;
      },
      acknowledged,
      firstOffset: undefined,
      behind: undefined,
      lineage: undefined,
    })),
    inFlight: false,
    resting: false,
    pause: backoff(),
    maxBatchBytes: 1,
    endSeen: undefined,
  };
  return { queue, codes };
}

test("what was not sent in time is rejected, and what has more time waits on", () => {
  const { queue, codes } = queueOf([
    { acknowledged: 0, isExpired: true },
    { acknowledged: 0, isExpired: false },
  ]);
  rejectExpired(queue, unavailable("no leader"));
  assert.deepEqual(codes, ["bus_unavailable", ""]);
  assert.equal(queue.waiting.length, 1);
});

test("R4: behind a batch that was written in part and ran out of time nothing goes on", () => {
  const { queue, codes } = queueOf([
    { acknowledged: 1, isExpired: true },
    { acknowledged: 0, isExpired: false },
  ]);
  rejectExpired(queue, unavailable("no leader"));
  assert.deepEqual(codes, ["bus_outcome_unknown", "bus_outcome_unknown"]);
  assert.equal(queue.waiting.length, 0);
});

test("a batch that is written in part and has time left is left alone", () => {
  const { queue, codes } = queueOf([{ acknowledged: 1, isExpired: false }]);
  rejectExpired(queue, unavailable("no leader"));
  assert.deepEqual(codes, [""]);
});
