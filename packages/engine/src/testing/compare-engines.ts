import { isDeepStrictEqual } from "node:util";
import { type Result, seededRandom } from "@bourse/base";
import type { Engine, EngineLimits, EngineOptions } from "../engine.ts";
import { createEngine, restoreEngine } from "../engine.ts";
import type { EventSink } from "../events.ts";
import { createNaiveEngine, restoreNaiveEngine } from "../naive/create-naive-engine.ts";
import { decodeSnapshot, type SnapshotFault } from "../snapshot.ts";
import { applyCommand, type EngineCommand } from "./engine-command.ts";
import { randomCommands } from "./random-commands.ts";
import { type RecordingSink, recordingSink } from "./recording-sink.ts";

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

/** Every other seed meets the limit of orders. */
const MAX_ORDERS = [80, 10_000];
const MAX_ACCOUNTS = 64;
const SYMBOLS_SEEN = 6;

/**
 * Runs `count` random commands through an engine and the naive one. After every command their events are equal; every
 * so often their hashes, snapshots and books; and both are replaced by engines restored from each other's snapshots.
 * Throws an error that names the seed and the command of the first difference.
 */
export function compareEngines(seed: number, count: number, maker: EngineMaker = ENGINE): Comparison {
  const random = seededRandom(seed ^ 0x5eed);
  const limits = { maxOrders: MAX_ORDERS[seed % MAX_ORDERS.length] ?? 0, maxAccounts: MAX_ACCOUNTS };
  let judged = start(maker, limits);
  let oracle = start(NAIVE_ENGINE, limits);
  let events = 0;
  let trades = 0;
  let restores = 0;
  for (const [index, command] of randomCommands(seed, count).entries()) {
    const where = { seed, index, command };
    applyCommand(judged.engine, command);
    applyCommand(oracle.engine, command);
    const chunk = random.below(4);
    // A look that finds nothing to do must change nothing either.
    if (judged.engine.pendingWork() || random.below(4) === 0) judged.engine.work(chunk);
    // In chunks of other sizes the events come at other times but are the same: compared after the next command.
    if (random.below(3) === 0) {
      oracle.engine.work(random.below(4));
      continue;
    }
    oracle.engine.work(chunk);
    const told = oracle.sink.take();
    expectEqual(where, "events", judged.sink.take(), told);
    events += told.length;
    for (const [name] of told) if (name === "trade") trades++;
    if (random.below(20) === 0) compareState(where, judged.engine, oracle.engine);
    if (random.below(100) === 0) {
      const [fromJudged, fromOracle] = [judged.engine.snapshot(), oracle.engine.snapshot()];
      judged = restored(maker, fromOracle);
      oracle = restored(NAIVE_ENGINE, fromJudged);
      compareState(where, judged.engine, oracle.engine);
      restores++;
    }
  }
  return { commands: count, events, trades, restores, stateHash: judged.engine.stateHash() };
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
      engine.bookSnapshot(symbol, where.index % 7 === 0 ? 1_000 : 3),
    ]),
    order: engine.order(where.command.request),
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
  readonly command: EngineCommand;
}

function expectEqual(where: Where, what: string, got: unknown, expected: unknown): void {
  if (isDeepStrictEqual(got, expected)) return;
  const { seed, index, command } = where;
  throw new Error(
    `seed ${seed}: ${what} differ after command ${index} ${JSON.stringify(command)}\n` +
      `engine: ${JSON.stringify(got)}\nnaive:  ${JSON.stringify(expected)}\nreplay: compareEngines(${seed}, ${index + 1})`,
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
