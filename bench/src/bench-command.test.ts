import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { secondsOption, unlessAborted } from "./bench-command.ts";

test("how long a bench measures has a bound", () => {
  assert.deepEqual([secondsOption(undefined, 1.5), secondsOption("3600", 20)], [1.5, 3_600]);
  assert.throws(() => secondsOption("3601", 20), /--seconds is "3601"; .* from 1 to 3600/);
});

test("work that is done before an abort is answered, and nobody listens on", async () => {
  const stop = new AbortController();
  assert.equal(await unlessAborted(stop.signal, Promise.resolve("done")), "done");
  await assert.rejects(unlessAborted(stop.signal, Promise.reject(new Error("failed"))), /failed/);
  assert.equal(getEventListeners(stop.signal, "abort").length, 0);
});

test("an abort ends the waiting, also one that came first", async () => {
  const stop = new AbortController();
  const never = new Promise<never>(() => {});
  const waiting = unlessAborted(stop.signal, never);
  stop.abort(new Error("stopped"));
  await assert.rejects(waiting, /stopped/);
  await assert.rejects(unlessAborted(stop.signal, never), /stopped/);
});
