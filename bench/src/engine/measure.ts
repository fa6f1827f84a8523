import { assert } from "@bourse/base";
import { type BinaryEngine, COMMAND, CommandWords, createBinaryEngine } from "@bourse/engine";
import { median, nearestRank } from "../percentiles.ts";
import type { Contender, Outcome } from "./contender.ts";
import { makeWorkload, type Workload, type WorkloadSpec } from "./workload.ts";

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** Operations a second of each contender, one figure a round. */
export interface WorkloadFigures {
  readonly spec: WorkloadSpec;
  readonly rates: ReadonlyMap<string, Spread>;
  readonly outcomesEqual: boolean;
  readonly outcome: Outcome;
}

/**
 * Lets the contenders run the same operations in turn, each round beginning with another one, so that what else the
 * machine does meets all of them. Slow contenders run a prefix: `shareOf` says how many of the operations.
 */
export function measureWorkload(
  spec: WorkloadSpec,
  contenders: readonly Contender[],
  options: { readonly rounds: number; readonly seed: number; readonly shareOf: (name: string) => number },
): WorkloadFigures {
  const workload = makeWorkload(spec, options.seed);
  const rates = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  const outcomes = compare(
    workload,
    contenders,
    Math.min(...contenders.map(({ name }) => options.shareOf(name))),
  );
  for (let round = 0; round < options.rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const contender = contenders[(turn + round) % contenders.length] as Contender;
      const operations = Math.floor(spec.operations * options.shareOf(contender.name));
      contender.prepare(workload);
      const startedMs = performance.now();
      contender.run(workload.warmUp, workload.warmUp + operations);
      rates.get(contender.name)?.push((operations * 1_000) / (performance.now() - startedMs));
    }
  }
  const spreads = [...rates].map(([name, figures]) => [name, spreadOf(figures)] as const);
  const [first] = outcomes;
  return {
    spec,
    rates: new Map(spreads),
    outcomesEqual: outcomes.every((outcome) => JSON.stringify(outcome) === JSON.stringify(first)),
    outcome: first as Outcome,
  };
}

/** Every contender over the same operations: also its warm-up. */
function compare(workload: Workload, contenders: readonly Contender[], share: number): Outcome[] {
  return contenders.map((contender) => {
    contender.prepare(workload);
    contender.run(workload.warmUp, workload.warmUp + Math.floor(workload.spec.operations * share));
    return contender.outcome();
  });
}

function spreadOf(figures: readonly number[]): Spread {
  return { min: Math.min(...figures), median: median(figures) ?? 0, max: Math.max(...figures) };
}

export interface Latency {
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly p999Ns: number;
}

/** The clock's own time: two looks at it with nothing between. */
function clockNs(): number {
  const looks = new Float64Array(20_001);
  for (let index = 0; index < looks.length; index++) {
    const before = process.hrtime.bigint();
    looks[index] = Number(process.hrtime.bigint() - before);
  }
  return nearestRank(looks.sort(), 0.5) ?? 0;
}

/**
 * One command at a time, each from before the call until its events are read; the clock's own time is taken off. The
 * engine is warm: it has run the same operations before.
 */
export function closedLoop(contender: Contender, workload: Workload): Latency {
  contender.prepare(workload);
  contender.run(workload.warmUp, workload.count);
  contender.prepare(workload);
  const clock = clockNs();
  const count = workload.count - workload.warmUp;
  const values = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    const before = process.hrtime.bigint();
    contender.run(workload.warmUp + index, workload.warmUp + index + 1);
    values[index] = Math.max(0, Number(process.hrtime.bigint() - before) - clock);
  }
  return percentilesOf(values);
}

/** Commands are due at fixed moments; from the moment one is due until its events are read, however late it began. */
export function openLoop(contender: Contender, workload: Workload, ratePerSecond: number): Latency {
  contender.prepare(workload);
  const count = workload.count - workload.warmUp;
  const values = new Float64Array(count);
  const everyNs = 1e9 / ratePerSecond;
  const start = process.hrtime.bigint();
  const now = (): number => Number(process.hrtime.bigint() - start);
  for (let index = 0; index < count; index++) {
    const dueNs = index * everyNs;
    while (now() < dueNs);
    contender.run(workload.warmUp + index, workload.warmUp + index + 1);
    values[index] = now() - dueNs;
  }
  return percentilesOf(values);
}

function percentilesOf(values: Float64Array): Latency {
  values.sort();
  const at = (fraction: number): number => Math.round(nearestRank(values, fraction) ?? 0);
  return { p50Ns: at(0.5), p99Ns: at(0.99), p999Ns: at(0.999) };
}

/** Bytes by which the JavaScript heap and the buffers grew over `commands` commands of a warm engine. */
export function heapGrowth(
  workload: Workload,
  commands: number,
): { readonly heapBytes: number; readonly bufferBytes: number } {
  const engine = createBinaryEngine({ onFull: (ring) => ring.releaseTo(-1) });
  const { words, starts, count, left } = workload;
  engine.run(words, 0, starts[0]);
  const round = new CommandWords((starts[count] as number) + left.length * 4);
  for (let at = 0; at < (starts[count] as number); at++) round.f64[at] = words.f64[at] as number;
  round.length = starts[count] as number;
  for (const [index, handle] of left.entries()) round.cancel({ request: count + 2 + index, atMs: 0 }, handle);
  const step = count + left.length;
  const run = (): void => {
    for (let from = starts[0] as number; from < round.length; ) from = runSome(engine, round, from);
    moveOn(round, starts[0] as number, step);
  };
  for (let warm = 0; warm < 3; warm++) run();
  globalThis.gc?.();
  const before = process.memoryUsage();
  for (let done = 0; done < commands; done += step) run();
  const after = process.memoryUsage();
  assert(engine.restingOrders() === 0, "a round leaves nothing behind");
  return {
    heapBytes: after.heapUsed - before.heapUsed,
    bufferBytes: after.arrayBuffers - before.arrayBuffers,
  };
}

function runSome(engine: BinaryEngine, words: CommandWords, from: number): number {
  let to = from;
  for (let commands = 0; commands < 256 && to < words.length; commands++) to += lengthAt(words, to);
  engine.run(words, from, to);
  engine.events.releaseTo(-1);
  return to;
}

/** Gives every command, and every handle that one names, the number it has one round later. */
function moveOn(words: CommandWords, from: number, step: number): void {
  const { f64, i32 } = words;
  for (let at = from; at < words.length; at += lengthAt(words, at)) {
    f64[at + 1] = (f64[at + 1] as number) + step;
    if (((i32[at * 2] as number) & 255) === COMMAND.CANCEL) f64[at + 3] = (f64[at + 3] as number) + step;
  }
}

function lengthAt(words: CommandWords, at: number): number {
  return ((words.i32[at * 2] as number) >>> 8) & 255;
}
