import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { optionsOrExit, wholeNumber } from "@bourse/command-line";
import {
  BOOK_STATUSES,
  CANCEL_CAUSES,
  REJECT_REASONS,
  SELF_TRADE_MODES,
  TRIGGER_CAUSES,
} from "../../events.ts";
import { fuzzSteps } from "../compare-engines.ts";
import type { SeedReport, WorkerTask } from "./fuzz-worker.ts";
import { shrink } from "./shrink.ts";

/** Random commands over all features through the engine and the naive one, seed after seed. */

const USAGE = `npm run fuzz:engine -- [--seed N] [--commands N] [--minutes N] [--jobs N] [--json]
  --seed      the first seed; 1
  --commands  how many commands in all; 200000
  --minutes   goes on for so long instead
  --jobs      workers, each with seeds of its own; 1
  --json      the last line is one JSON object
Every seed has 2000 commands. A seed that shows a difference is shrunk to the fewest commands that still do.`;
const COMMANDS_A_SEED = 2_000;
const REPORT_EVERY_MS = 10_000;
/** A seed takes a tenth of a second; one that takes so long does not end. */
const STUCK_AFTER_S = 120;

const { firstSeed, jobs, minutes, wanted, json } = optionsOrExit(readOptions, USAGE);

const startedMs = performance.now();
const totals = { seeds: 0, commands: 0, events: 0, trades: 0, restores: 0 };
const met = new Map<string, number>();
let lastSeed = 0;
const watches: NodeJS.Timeout[] = [];
const workers = Array.from({ length: jobs }, (_, index) => startWorker(firstSeed + index));
watches.push(setInterval(() => process.stderr.write(`${summary()}\n`), REPORT_EVERY_MS));
if (minutes !== undefined) setTimeout(() => finish(undefined), minutes * 60_000);

function startWorker(seed: number): Worker {
  const task: WorkerTask = { firstSeed: seed, every: jobs, commandsASeed: COMMANDS_A_SEED };
  const worker = new Worker(new URL("fuzz-worker.ts", import.meta.url), { workerData: task });
  let running = seed;
  // Seconds that this process runs: one that is stopped for a while has not waited.
  let waited = 0;
  watches.push(
    setInterval(() => {
      waited++;
      if (waited === STUCK_AFTER_S) finish(`seed ${running} does not end: nothing for ${waited} s`);
    }, 1_000),
  );
  worker.on("message", (report: SeedReport) => {
    running = report.seed + jobs;
    waited = 0;
    count(report);
  });
  worker.on("error", (error: Error) => finish(`seed ${running}: ${error.message}`));
  return worker;
}

function count(report: SeedReport): void {
  if (report.failure !== undefined) {
    finish(explain(report.seed, report.failure));
    return;
  }
  totals.seeds++;
  totals.commands += report.commands;
  totals.events += report.events;
  totals.trades += report.trades;
  totals.restores += report.restores;
  for (const [kind, times] of report.met) met.set(kind, (met.get(kind) ?? 0) + times);
  lastSeed = Math.max(lastSeed, report.seed);
  if (totals.commands >= wanted) finish(undefined);
}

/** The difference as it was met, then the fewest commands that show one. */
function explain(seed: number, failure: string): string {
  process.stderr.write(`seed ${seed} fails; looking for the fewest commands ...\n`);
  const shrunk = shrink(seed, fuzzSteps(seed, COMMANDS_A_SEED));
  const commands = shrunk?.steps.map(({ command }) => JSON.stringify(command)) ?? [];
  return [
    failure,
    `again: npm run fuzz:engine -- --seed ${seed} --commands ${COMMANDS_A_SEED}`,
    `the fewest commands found that fail, ${commands.length}:`,
    ...commands,
    shrunk?.message ?? "",
  ].join("\n");
}

function finish(failure: string | undefined): void {
  for (const watch of watches) clearInterval(watch);
  for (const worker of workers) void worker.terminate();
  const unmet = possible().filter((kind) => !met.has(kind));
  for (const [kind, times] of [...met].toSorted(([left], [right]) => (left < right ? -1 : 1)))
    process.stdout.write(`${String(times).padStart(12)}  ${kind}\n`);
  if (unmet.length > 0) process.stdout.write(`never met: ${unmet.join(", ")}\n`);
  process.stdout.write(`${failure === undefined ? "no difference" : failure}\n${summary()}\n`);
  if (json) {
    const seconds = Math.round((performance.now() - startedMs) / 1_000);
    const differences = failure === undefined ? 0 : 1;
    process.stdout.write(
      `${JSON.stringify({ ...totals, firstSeed, lastSeed, seconds, differences, unmet })}\n`,
    );
  }
  process.exit(failure === undefined ? 0 : 1);
}

function summary(): string {
  const seconds = Math.round((performance.now() - startedMs) / 1_000);
  const { seeds, commands, events, trades, restores } = totals;
  return `seeds ${firstSeed} to ${lastSeed}: ${seeds} seeds, ${commands} commands, ${events} events, ${trades} trades, ${restores} restores, ${seconds} s`;
}

/** Every kind of event there is, but those of single orders, and what only broken words in binary commands yield. */
function possible(): string[] {
  return [
    ...["accepted", "trade", "replaced", "expired", "completed", "levelChanged", "repriced"],
    ...REJECT_REASONS.filter((reason) => reason !== "invalid_command").map((reason) => `rejected ${reason}`),
    ...CANCEL_CAUSES.map((cause) => `cancelled ${cause}`),
    ...TRIGGER_CAUSES.map((cause) => `triggered ${cause}`),
    ...SELF_TRADE_MODES.filter((mode) => mode !== "none").map((mode) => `prevented ${mode}`),
    ...BOOK_STATUSES.filter((status) => ["trading", "paused", "limit_state"].includes(status)).map(
      (status) => `bookStatus ${status}`,
    ),
  ];
}

interface FuzzOptions {
  readonly firstSeed: number;
  readonly jobs: number;
  readonly minutes: number | undefined;
  /** How many commands in all; without end where it is minutes that are given. */
  readonly wanted: number;
  readonly json: boolean;
}

function readOptions(args: readonly string[]): FuzzOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: "string", default: "1" },
      commands: { type: "string", default: "200000" },
      minutes: { type: "string" },
      jobs: { type: "string", default: "1" },
      json: { type: "boolean", default: false },
    },
  });
  const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
  if (minutes !== undefined && !(minutes > 0 && minutes < Number.POSITIVE_INFINITY))
    throw new Error(`--minutes is "${values.minutes}"; allowed are numbers above 0`);
  const commands = wholeNumber("--commands", values.commands);
  return {
    firstSeed: wholeNumber("--seed", values.seed),
    jobs: wholeNumber("--jobs", values.jobs),
    minutes,
    wanted: minutes === undefined ? commands : Number.POSITIVE_INFINITY,
    json: values.json,
  };
}
