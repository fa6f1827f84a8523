import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { OperationalError } from "@bourse/base";
import { pino } from "pino";
import { retryAtBoot } from "./retry-at-boot.ts";
import { manualTimer } from "./testing/manual-timer.ts";

const ATTEMPT_LIMIT_MS = 10_000;

/** A start beside a server of which nothing comes back, told to end after `endAfterMs`: what it did until it gave up. */
async function startBesideSilence(options: { readonly attemptMs: number; readonly endAfterMs: number }) {
  const timer = manualTimer();
  const ending = new AbortController();
  const began: number[] = [];
  let nowMs = 0;
  let failure: unknown;
  const start = { what: "test", timer, newId: () => "80000000", log: pino({ level: "silent" }) };
  const away = new OperationalError("store_unavailable", "timeout expired", { retryable: true });
  const ended = retryAtBoot({ ...start, ending: ending.signal }, async () => {
    began.push(nowMs);
    await timer.sleep(options.attemptMs);
    throw away;
  }).catch((error: unknown) => {
    failure = error;
  });
  while (failure === undefined && nowMs < 10 * 60_000) {
    await turn();
    nowMs += 50;
    timer.advance(50);
    if (nowMs === options.endAfterMs) ending.abort();
  }
  await ended;
  assert.equal(failure, away);
  assert.equal(timer.pending, 0, "no timer is left");
  return { attempts: began.length, lastBeganMs: began.at(-1) ?? Number.NaN };
}

test("told to end: an attempt that hangs until its own limit is the last one", async () => {
  const { attempts } = await startBesideSilence({ attemptMs: ATTEMPT_LIMIT_MS, endAfterMs: 1_000 });
  assert.equal(attempts, 1);
});

test("told to end: no attempt begins later than three seconds after it", async () => {
  for (const attemptMs of [50, 1_000, 2_000, 2_950]) {
    const endAfterMs = 20_000;
    const { lastBeganMs } = await startBesideSilence({ attemptMs, endAfterMs });
    assert.ok(
      lastBeganMs <= endAfterMs + 3_000,
      `attempts of ${attemptMs} ms: the last at ${lastBeganMs} ms`,
    );
    assert.ok(lastBeganMs >= endAfterMs, `attempts of ${attemptMs} ms: once more, at ${lastBeganMs} ms`);
  }
});
