import assert from "node:assert/strict";
import { test } from "node:test";
import { OperationalError, type Timer } from "@bourse/base";
import { startJobs } from "./jobs.ts";
import { createLogger } from "./logging.ts";
import { createRegistry } from "./metrics.ts";

/** A timer whose time the test moves. */
function manualTimer() {
  let due: { delayMs: number; callback: () => void }[] = [];
  const timer: Timer = {
    after(delayMs, callback) {
      const entry = { delayMs, callback };
      due.push(entry);
      return () => {
        due = due.filter((other) => other !== entry);
      };
    },
    every: () => assert.fail("jobs start again by themselves"),
    sleep: () => assert.fail("jobs do not sleep"),
  };
  return {
    timer,
    waiting: () => due.map(({ delayMs }) => delayMs),
    fire() {
      const now = due;
      due = [];
      for (const { callback } of now) callback();
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const log = createLogger({ level: "silent" });

test("a job runs at once and again only after its run has ended; a failure does not end it", async () => {
  const { timer, waiting, fire } = manualTimer();
  const metrics = createRegistry("order");
  const ends: (() => void)[] = [];
  let runs = 0;
  const jobs = startJobs({
    jobs: [
      {
        name: "sweep",
        everyMs: 100,
        run: () => {
          runs += 1;
          if (runs === 2) return Promise.reject(new Error("away"));
          return new Promise<void>((resolve) => ends.push(resolve));
        },
      },
    ],
    service: {},
    timer,
    log,
    metrics,
  });
  await turn();
  assert.deepEqual([runs, waiting()], [1, []], "nothing is planned while it runs");
  ends.shift()?.();
  await turn();
  assert.deepEqual(waiting(), [100]);
  fire();
  await turn();
  assert.deepEqual([runs, waiting()], [2, [100]], "failed, planned again");
  fire();
  await turn();
  assert.equal(runs, 3);
  const stopped = jobs.stop();
  ends.shift()?.();
  await stopped;
  assert.deepEqual(waiting(), [], "nothing is planned after the stop");
  const text = await metrics.metrics();
  assert.match(text, /job_runs_total\{job="sweep",outcome="done",service="order"\} 2/);
  assert.match(text, /job_runs_total\{job="sweep",outcome="failed",service="order"\} 1/);
});

test("stop cancels what waits", async () => {
  const { timer, waiting } = manualTimer();
  const jobs = startJobs({
    jobs: [{ name: "sweep", everyMs: 100, run: () => Promise.resolve() }],
    service: {},
    timer,
    log,
    metrics: createRegistry("order"),
  });
  await turn();
  assert.deepEqual(waiting(), [100]);
  await jobs.stop();
  assert.deepEqual(waiting(), []);
});

test("what a job fails for is an error with its stack, but for what does not answer", async () => {
  const lines: Record<string, unknown>[] = [];
  const { timer } = manualTimer();
  const fails = (name: string, error: Error) => ({ name, everyMs: 100, run: () => Promise.reject(error) });
  const jobs = startJobs({
    jobs: [
      fails("away", new OperationalError("peer_unavailable", "wallet is starting", { retryable: true })),
      fails(
        "refused",
        new OperationalError("peer_refused", "wallet has no such route", { retryable: false }),
      ),
      fails("broken", new Error("a fault")),
    ],
    service: {},
    timer,
    log: createLogger({
      level: "info",
      destination: { write: (line: string) => void lines.push(JSON.parse(line)) },
    }),
    metrics: createRegistry("order"),
  });
  await jobs.stop();
  assert.deepEqual(
    lines.map(({ job, level, reason, err }) => [job, level, reason, err !== undefined]),
    [
      ["away", "warn", "peer_unavailable: wallet is starting", false],
      ["refused", "error", undefined, true],
      ["broken", "error", undefined, true],
    ],
  );
});
