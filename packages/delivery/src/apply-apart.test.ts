import assert from "node:assert/strict";
import { test } from "node:test";
import type { BusRecord } from "@bourse/bus";
import { applyApart, type Tries } from "./apply-apart.ts";
import { failureRules } from "./failure-policy.ts";
import { commands } from "./testing/fixtures.ts";

function record(offset: number): BusRecord {
  return {
    topic: commands.name,
    partition: 0,
    offset: BigInt(offset),
    key: null,
    value: "{}",
    headers: {},
    timestampMs: 0,
  };
}

/** Notes what is tried; `answer` says what comes of it. */
function triesOf(answer: (offsets: readonly number[]) => Error | null, isClosing: () => boolean) {
  const tried: (readonly number[])[] = [];
  const tries: Tries = {
    rules: failureRules({ policy: "skip" }),
    attempt: async (records) => {
      const offsets = records.map(({ offset }) => Number(offset));
      tried.push(offsets);
      const error = answer(offsets);
      return error === null ? null : { error };
    },
    nowMs: () => 0,
    backoff: () => ({ wait: async () => undefined, reset: () => undefined }),
    failedAlone: () => undefined,
    isClosing,
  };
  return { tries, tried };
}

const FOUR = [0, 1, 2, 3].map(record);

test("records that fail together are tried in halves, in order", async () => {
  const { tries, tried } = triesOf(
    (offsets) => (offsets.length > 1 ? new Error("together") : null),
    () => false,
  );
  await applyApart(tries, FOUR);
  assert.deepEqual(tried, [[0, 1, 2, 3], [0, 1], [0], [1], [2, 3], [2], [3]]);
});

test("a half that is given up because the consumer closes is the last: nothing behind it is applied (R5)", async () => {
  let isClosing = false;
  const { tries, tried } = triesOf(
    (offsets) => {
      if (offsets.length === 4) return new Error("together");
      // The database was away, the process ends: null says given up here, not applied.
      isClosing = true;
      return null;
    },
    () => isClosing,
  );
  await applyApart(tries, FOUR);
  assert.deepEqual(tried, [
    [0, 1, 2, 3],
    [0, 1],
  ]);
});
