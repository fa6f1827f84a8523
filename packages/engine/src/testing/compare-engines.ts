import { isDeepStrictEqual } from "node:util";
import { type Result, seededRandom } from "@bourse/base";
import { createEngine, restoreEngine } from "../create-engine.ts";
import type { Engine, EngineOptions } from "../engine.ts";
import type { EventSink } from "../events.ts";
import { createNaiveEngine, restoreNaiveEngine } from "../naive/create-naive-engine.ts";
import { decodeSnapshot, type SnapshotFault } from "../snapshot.ts";
import type { EngineLimits } from "../state.ts";
import { applyCommand, type EngineCommand } from "./engine-command.ts";
import { randomCommands } from "./random-commands.ts";
import { type RecordedEvent, type RecordingSink, recordingSink } from "./recording-sink.ts";

/** How to make an engine and how to restore one. */
export interface EngineMaker {
  create(options: EngineOptions): Engine;
  restore(bytes: Uint8Array, sink: EventSink): Result<Engine, SnapshotFault>;
}

export const ENGINE: EngineMaker = { create: createEngine, restore: restoreEngine };
export const NAIVE_ENGINE: EngineMaker = { create: createNaiveEngine, restore: restoreNaiveEngine };

export interface Comparison {
  readonly commands: number;
  readonly events: number;
  readonly trades: number;
  readonly restores: number;
  readonly stateHash: string;
}

/** A command, and what the comparison does around it. */
export interface FuzzStep {
  readonly command: EngineCommand;
  /** Orders of mass work that both engines do after it. */
  readonly chunk: number;
  /** Whether the judged engine looks for mass work where it has none, which must change nothing. */
  readonly looks: boolean;
  /** Where it is not -1, the naive engine does so much mass work instead, and the events are compared later. */
  readonly apart: number;
  readonly comparesState: boolean;
  /** Whether the time of the command is passed before it. */
  readonly passes: boolean;
  /** Both engines are replaced by engines restored from each other's snapshots. */
  readonly restores: boolean;
  /** How deep books are compared. */
  readonly depth: number;
}

/** Every other seed meets the limit of orders. */
const MAX_ORDERS = [80, 10_000];
const MAX_ACCOUNTS = 64;
const SYMBOLS_SEEN = 6;

/** The random commands of a seed, and when to look at what. */
export function fuzzSteps(seed: number, count: number): FuzzStep[] {
  const random = seededRandom(seed ^ 0x5eed);
  return randomCommands(seed, count).map((command, index) => ({
    command,
    chunk: random.below(4),
    looks: random.below(4) === 0,
    apart: random.below(3) === 0 ? random.below(4) : -1,
    comparesState: random.below(30) === 0,
    restores: random.below(150) === 0,
    passes: random.below(8) === 0,
    depth: index % 7 === 0 ? 1_000 : 3,
  }));
}

/**
 * Runs `count` random commands through an engine and the naive one. After every command their events are equal; every
 * so often their hashes, snapshots and books; and both are replaced by engines restored from each other's snapshots.
 * Throws an error that names the seed and the command of the first difference.
 */
export function compareEngines(seed: number, count: number, maker: EngineMaker = ENGINE): Comparison {
  return compareSteps(seed, fuzzSteps(seed, count), maker);
}

/** The same for given steps. `met` counts events by name and cause. */
export function compareSteps(
  seed: number,
  steps: readonly FuzzStep[],
  maker: EngineMaker = ENGINE,
  met: Map<string, number> = new Map<string, number>(),
): Comparison {
  const limits = { maxOrders: MAX_ORDERS[seed % MAX_ORDERS.length] ?? 0, maxAccounts: MAX_ACCOUNTS };
  let judged = start(maker, limits);
  let oracle = start(NAIVE_ENGINE, limits);
  const totals = { commands: steps.length, events: 0, trades: 0, restores: 0 };
  for (const [index, step] of steps.entries()) {
    const where = { seed, index, step };
    for (const { engine } of [judged, oracle]) {
      if (step.passes) engine.passTime(step.command.atMs);
      applyCommand(engine, step.command);
    }
    const isLast = index === steps.length - 1;
    if (judged.engine.pendingWork() || step.looks) judged.engine.work(step.chunk);
    oracle.engine.work(step.apart === -1 || isLast ? step.chunk : step.apart);
    // In chunks of other sizes the events come at other times but are the same: compared after the next command.
    if (step.apart !== -1 && !isLast) continue;
    const told = oracle.sink.take();
    expectEqual(where, "events", judged.sink.take(), told);
    totals.events += told.length;
    for (const event of told) {
      if (event[0] === "trade") totals.trades++;
      const kind = kindOf(event);
      met.set(kind, (met.get(kind) ?? 0) + 1);
    }
    if (step.comparesState || isLast) compareState(where, judged.engine, oracle.engine);
    if (!step.restores) continue;
    const [fromJudged, fromOracle] = [judged.engine.snapshot(), oracle.engine.snapshot()];
    judged = restored(maker, fromOracle);
    oracle = restored(NAIVE_ENGINE, fromJudged);
    compareState(where, judged.engine, oracle.engine);
    totals.restores++;
  }
  return { ...totals, stateHash: judged.engine.stateHash() };
}

/** An event's name, with its reason, cause, mode or status. */
function kindOf([name, ...values]: RecordedEvent): string {
  const word = values.find((value) => typeof value === "string");
  return word === undefined ? name : `${name} ${word}`;
}

/** Two engines that should be equal are not. */
export class Difference extends Error {
  /** How many steps it takes to see it. */
  readonly steps: number;

  constructor(message: string, steps: number) {
    super(message);
    this.steps = steps;
  }
}

interface Running {
  readonly engine: Engine;
  readonly sink: RecordingSink;
}

function start(maker: EngineMaker, limits: EngineLimits): Running {
  const sink = recordingSink();
  return { engine: maker.create({ ...limits, sink }), sink };
}

function restored(maker: EngineMaker, bytes: Uint8Array): Running {
  const sink = recordingSink();
  const engine = maker.restore(bytes, sink);
  if (!engine.ok) throw new Error(`a snapshot just taken was refused: ${engine.error}`);
  return { engine: engine.value, sink };
}

function compareState(where: Where, judged: Engine, oracle: Engine): void {
  const view = (engine: Engine): unknown => ({
    counters: engine.counters(),
    restingOrders: engine.restingOrders(),
    nextExpiryMs: engine.nextExpiryMs(),
    pending: engine.pendingWork(),
    books: Array.from({ length: SYMBOLS_SEEN }, (_, symbol) => [
      engine.symbolStatus(symbol),
      engine.bookSnapshot(symbol, where.step.depth),
    ]),
    order: engine.order(where.step.command.request),
  });
  expectEqual(where, "state", view(judged), view(oracle));
  const [taken, expected] = [judged.snapshot(), oracle.snapshot()];
  if (!isDeepStrictEqual(taken, expected)) {
    const difference = firstDifference(decodeSnapshot(taken), decodeSnapshot(expected));
    expectEqual(where, "snapshots", difference?.[0], difference?.[1]);
  }
  expectEqual(where, "state hashes", judged.stateHash(), oracle.stateHash());
}

interface Where {
  readonly seed: number;
  readonly index: number;
  readonly step: FuzzStep;
}

function expectEqual(where: Where, what: string, got: unknown, expected: unknown): void {
  if (isDeepStrictEqual(got, expected)) return;
  const { seed, index, step } = where;
  throw new Difference(
    `seed ${seed}: ${what} differ after command ${index + 1} ${JSON.stringify(step.command)}\n` +
      `engine: ${JSON.stringify(got)}\nnaive:  ${JSON.stringify(expected)}`,
    index + 1,
  );
}

/** Where two values of one shape first differ. */
function firstDifference(
  left: unknown,
  right: unknown,
  path = "",
): [left: string, right: string] | undefined {
  if (isDeepStrictEqual(left, right)) return undefined;
  if (left instanceof Object && right instanceof Object) {
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
      const [mine, yours] = [Reflect.get(left, key), Reflect.get(right, key)];
      const found = firstDifference(mine, yours, `${path}.${key}`);
      if (found !== undefined) return found;
    }
  }
  return [`${path}: ${JSON.stringify(left)}`, `${path}: ${JSON.stringify(right)}`];
}
