import { inOneTurn, type Result, type Steps } from "@bourse/base";
import { DEFAULT_RING_WORDS, EventRing } from "./binary/event-ring.ts";
import { BinaryEngine } from "./binary-engine.ts";
import type {
  AccountCommand,
  AmendOrder,
  CancelByClientId,
  CancelOrder,
  CommandHead,
  ListSymbol,
  MassCancel,
  PlaceOrder,
  ReplaceOrder,
  SessionCommand,
  SetAccountGroup,
  SetBands,
  SetLimits,
  SetPosition,
  SymbolCommand,
} from "./commands.ts";
import type { EventSink } from "./events.ts";
import { ObjectEngine } from "./object-engine.ts";
import { decodeSnapshot, decodeSteps, type SnapshotFault } from "./snapshot.ts";
import type { OrderState } from "./state.ts";
import type { StateNames } from "./state-hash.ts";

/**
 * The version of the engine's semantics: it rises with every change after which the same commands may leave another
 * state, or yield other events of it than these and more. A log names the version it was written for (R8).
 */
export { ENGINE_VERSION, SNAPSHOT_FORMAT } from "./snapshot.ts";

/** The matching engine of one partition: many symbols, one stream of commands, one stream of events. */
export interface Engine {
  listSymbol(command: ListSymbol): void;
  /** What may be at most from here on; orders that live are left as they are. */
  setLimits(command: SetLimits): void;
  place(command: PlaceOrder): void;
  amend(command: AmendOrder): void;
  cancel(command: CancelOrder): void;
  cancelByClientId(command: CancelByClientId): void;
  /** Cancels one order and places another, or does neither. */
  replace(command: ReplaceOrder): void;
  /** Queues the cancels as mass work. */
  massCancel(command: MassCancel): void;
  /** Refuses the account's new orders from now on and queues the cancels of its resting ones as mass work. */
  blockAccount(command: AccountCommand): void;
  unblockAccount(command: AccountCommand): void;
  /** Queues the cancels of all orders of a connection that has gone. */
  closeSession(command: SessionCommand): void;
  setAccountGroup(command: SetAccountGroup): void;
  setPosition(command: SetPosition): void;
  /** Refuses places and amends of the symbol from now on; cancels and expiries go on. */
  halt(command: SymbolCommand): void;
  resume(command: SymbolCommand): void;
  /** As halt, but amends that only lessen an order are taken. */
  cancelOnly(command: SymbolCommand): void;
  /** Queues the cancels of orders that could only trade beyond the bands. */
  setBands(command: SetBands): void;
  /** Queues the expiries due at or before the command's time as mass work. */
  advanceTime(command: CommandHead): void;
  /** Takes the place of a command that an operator has voided (R8): REJECTED, nothing else. */
  voidCommand(command: CommandHead, handle: number): void;

  /**
   * What the next command does first if it is of that time: mass work that is left, and what is due. For a caller who
   * looks something up for a command, and must find it as the command will. An invalid time passes nothing.
   */
  passTime(atMs: number): void;

  /** Whether mass work of the last command is left. */
  pendingWork(): boolean;
  /**
   * Does mass work on at most `maxOrders` orders; how many it looked at. What is left when the next command arrives is
   * done before it, so that events never depend on the size of the chunks.
   */
  work(maxOrders: number): number;

  /** The state of a resting order. */
  order(handle: number): OrderState | undefined;
  restingOrders(): number;
  bookSnapshot(symbol: number, depth: number): BookSnapshot | undefined;
  symbolStatus(symbol: number): SymbolStatus | undefined;
  isBlocked(account: number): boolean;
  /** When the next expiry is due. */
  nextExpiryMs(): number | undefined;
  counters(): EngineCounters;

  /**
   * 128 bits, as 32 hexadecimal digits, over books, orders, counters of trades and levels, blocks, halts and pending
   * work; not over times and positions in the log (R8). With `names`, symbols, accounts and orders count by the caller's
   * ids instead of by its indices.
   */
  stateHash(names?: StateNames): string;
  /** The same in steps of a bounded number of orders. Where a command comes between them it is left, and begun anew. */
  stateHashSteps(names?: StateNames): Steps<string>;
  /** All state; restored by `restoreEngine`. The same state has the same bytes. */
  snapshot(): Uint8Array;
  /** The same in steps of a bounded number of orders, between which no command may come. */
  snapshotSteps(): Steps<Uint8Array>;
}

/** What bounds an engine. Part of its state: a log is always read with the bounds it began with. */
export interface EngineLimits {
  /** Resting orders. */
  readonly maxOrders: number;
  /** Account indices are below it. */
  readonly maxAccounts: number;
}

export interface EngineOptions extends Partial<EngineLimits> {
  readonly sink: EventSink;
  /** Whether single orders are told (L3). */
  readonly tellsOrders?: boolean;
}

export interface BookSnapshot {
  /** The `bookSequence` of the last level change. */
  readonly bookSequence: number;
  /** Best first. */
  readonly bids: readonly BookLevel[];
  /** Best first. */
  readonly asks: readonly BookLevel[];
}

export interface BookLevel {
  readonly priceTicks: number;
  readonly totalLots: number;
  readonly orderCount: number;
}

export interface SymbolStatus {
  /** Whether it takes no new orders. */
  readonly halted: boolean;
  /** Of `PHASE`. */
  readonly phase: number;
  /** When its limit state ends in a pause; 0: it is in none. */
  readonly limitUntilMs: number;
  /** Number of the symbol's last trade, 0 before the first. */
  readonly tradeNumber: number;
  readonly bookSequence: number;
}

export interface EngineCounters {
  /** Sequence of the last event, 0 before the first. */
  readonly eventSequence: number;
  /** The last command's request, 0 before the first. */
  readonly lastRequest: number;
  /** Engine time. */
  readonly nowMs: number;
}

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
  /** Called while commands run, when the ring is full: it must read events and free them. */
  readonly onFull: (ring: EventRing) => void;
  readonly ringWords?: number;
  readonly tellsOrders?: boolean;
}

/** An empty engine that takes commands as words and leaves events as words. */
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
