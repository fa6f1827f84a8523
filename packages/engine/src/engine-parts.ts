import type { EventWriter } from "./binary/event-writer.ts";
import type { Book } from "./books/book.ts";
import type { Endings } from "./endings.ts";
import type { Entries } from "./entries.ts";
import type { LiveOrders } from "./live-orders.ts";
import type { MassWorker } from "./mass-work.ts";
import type { Settler } from "./settle.ts";
import type { EngineCounters, EngineLimits } from "./state.ts";

/** The parts of an engine, as the functions for one kind of command see them. */
export interface EngineParts {
  readonly limits: EngineLimits;
  readonly events: EventWriter;
  readonly live: LiveOrders;
  readonly endings: Endings;
  readonly entries: Entries;
  readonly settler: Settler;
  readonly massWork: MassWorker;
  readonly nowMs: number;
  readonly lastRequest: number;
  /** undefined: the symbol is not listed. */
  book(symbol: number): Book | undefined;
  /** Runs the cascade that a change of the book has started. */
  settle(book: Book): void;
  /** After a restore. */
  setCounters(counters: EngineCounters): void;
}
