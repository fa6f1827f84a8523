import type { Result } from "@bourse/base";
import type { Engine, EngineOptions } from "../engine.ts";
import type { EventSink } from "../events.ts";
import { decodeSnapshot, type SnapshotFault } from "../snapshot.ts";
import type { EngineLimits, EngineState } from "../state.ts";
import { NaiveEngine } from "./naive-engine.ts";
import { thaw } from "./naive-state.ts";

export function createNaiveEngine(options: EngineOptions): Engine {
  const limits: EngineLimits = {
    maxOrders: options.maxOrders ?? 100_000,
    maxAccounts: options.maxAccounts ?? 100_000,
  };
  const empty: EngineState = {
    limits,
    counters: { eventSequence: 0, lastRequest: 0, nowMs: 0 },
    blockedAccounts: [],
    accountGroups: [],
    positions: [],
    symbols: [],
    pending: undefined,
  };
  return new NaiveEngine(thaw(empty), options.sink);
}

export function restoreNaiveEngine(bytes: Uint8Array, sink: EventSink): Result<Engine, SnapshotFault> {
  const decoded = decodeSnapshot(bytes);
  return decoded.ok ? { ok: true, value: new NaiveEngine(thaw(decoded.value), sink) } : decoded;
}
