import { inOneTurn, type Result, type Steps } from "@bourse/base";
import { DEFAULT_RING_WORDS, EventRing } from "./binary/event-ring.ts";
import { BinaryEngine } from "./binary-engine.ts";
import type { Engine, EngineOptions } from "./engine.ts";
import type { EventSink } from "./events.ts";
import { ObjectEngine } from "./object-engine.ts";
import { decodeSnapshot, decodeSteps, type SnapshotFault } from "./snapshot.ts";
import type { EngineLimits } from "./state.ts";

export const DEFAULT_LIMITS: EngineLimits = { maxOrders: 16_777_216, maxAccounts: 4_194_304 };

/** An empty engine. Throws `InvariantError` for limits that are not positive 31-bit integers. */
export function createEngine(options: EngineOptions): Engine {
  const maxOrders = options.maxOrders ?? DEFAULT_LIMITS.maxOrders;
  const maxAccounts = options.maxAccounts ?? DEFAULT_LIMITS.maxAccounts;
  return new ObjectEngine({ maxOrders, maxAccounts }, options.sink, options.tellsOrders === true);
}

/** The engine a snapshot was taken of: from here on it gives the same events for the same commands. */
export function restoreEngine(bytes: Uint8Array, sink: EventSink): Result<Engine, SnapshotFault> {
  return inOneTurn(restoreEngineSteps(bytes, sink));
}

/** The same in steps of a bounded number of orders. */
export function* restoreEngineSteps(
  bytes: Uint8Array,
  sink: EventSink,
): Steps<Result<Engine, SnapshotFault>> {
  const decoded = yield* decodeSteps(bytes);
  if (!decoded.ok) return decoded;
  return { ok: true, value: yield* ObjectEngine.restoreSteps(decoded.value, sink) };
}

export interface BinaryEngineOptions extends Partial<EngineLimits> {
  /** Called while commands run and the ring is full: it must read events and free them. */
  readonly onFull: (ring: EventRing) => void;
  readonly ringWords?: number;
  readonly tellsOrders?: boolean;
}

/** An empty engine that takes encoded commands and writes encoded events. */
export function createBinaryEngine(options: BinaryEngineOptions): BinaryEngine {
  const { maxOrders, maxAccounts } = { ...DEFAULT_LIMITS, ...options };
  const ring = new EventRing(options.ringWords ?? DEFAULT_RING_WORDS, options.onFull);
  return new BinaryEngine({ maxOrders, maxAccounts }, ring, options.tellsOrders === true);
}

/** The engine a snapshot was taken of, limits included, on binary commands and events. */
export function restoreBinaryEngine(
  bytes: Uint8Array,
  options: Omit<BinaryEngineOptions, keyof EngineLimits>,
): Result<BinaryEngine, SnapshotFault> {
  const decoded = decodeSnapshot(bytes);
  if (!decoded.ok) return decoded;
  const ring = new EventRing(options.ringWords ?? DEFAULT_RING_WORDS, options.onFull);
  return { ok: true, value: BinaryEngine.ofState(decoded.value, ring, options.tellsOrders === true) };
}
