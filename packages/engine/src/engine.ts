import type { Steps } from "@bourse/base";
import type { BookSnapshot, SymbolStatus } from "./book-views.ts";
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
import type { EngineCounters, EngineLimits, OrderState } from "./state.ts";
import type { StateNames } from "./state-hash.ts";

/** The matching engine of one partition: many symbols, one stream of commands, one stream of events. */
export interface Engine {
  listSymbol(command: ListSymbol): void;
  /** Changes the greatest price and quantity of new orders; live ones stay as they are. */
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
  /** Refuses the symbol's new orders and amendments from now on; cancels and expiries still work. */
  halt(command: SymbolCommand): void;
  resume(command: SymbolCommand): void;
  /** As halt, but amendments that only reduce an order are accepted. */
  cancelOnly(command: SymbolCommand): void;
  /** Queues the cancels of orders that could only trade beyond the bands. */
  setBands(command: SetBands): void;
  /** Queues the expiries due at or before the command's time as mass work. */
  advanceTime(command: CommandHead): void;
  /** Takes the place of a command that an operator has voided (R8): REJECTED, nothing else. */
  voidCommand(command: CommandHead, handle: number): void;

  /**
   * Does what the next command of that time would do first: the mass work that is left, and what is due. For a caller that
   * looks up state for a command and must see it as the command will. An invalid time does nothing.
   */
  passTime(atMs: number): void;

  /** Whether mass work of the last command is left. */
  pendingWork(): boolean;
  /**
   * Does mass work on at most `maxOrders` orders; returns how many it has looked at. What is left when the next command
   * arrives is done before it, so that events never depend on the size of the chunks.
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
  /** The same in steps of a bounded number of orders. If a command comes in between, it must be dropped and begun anew. */
  stateHashSteps(names?: StateNames): Steps<string>;
  /** All state; restored by `restoreEngine`. The same state has the same bytes. */
  snapshot(): Uint8Array;
  /** The same in steps of a bounded number of orders, between which no command may come. */
  snapshotSteps(): Steps<Uint8Array>;
}

export interface EngineOptions extends Partial<EngineLimits> {
  readonly sink: EventSink;
  /** Whether there are events of single orders (L3). */
  readonly tellsOrders?: boolean;
}
