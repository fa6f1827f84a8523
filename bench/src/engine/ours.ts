import {
  type BinaryEngine,
  createBinaryEngine,
  createEngine,
  type Engine,
  EVENT,
  type EventRing,
  type EventSink,
} from "@bourse/engine";
import { bookText, type Contender, fold, type Outcome } from "./contender.ts";
import { OPERATION, type Workload } from "./workload.ts";

/** Commands between two looks at the ring: what a journal or a bus hands over at a time. */
const BATCH = 256;
const LISTING_WORDS = 5;
const WHOLE_BOOK = 1_000_000;

/** Binary commands in, binary events out; the reader folds every trade and looks at every event. */
export class OursBinary implements Contender {
  readonly name = "ours, binary";
  #engine: BinaryEngine = createBinaryEngine({ onFull: () => {} });
  #workload: Workload | undefined;
  #trades = 0;
  #checksum = 0;

  prepare(workload: Workload): void {
    this.#engine = createBinaryEngine({ onFull: (ring) => this.#read(ring) });
    this.#workload = workload;
    this.#trades = 0;
    this.#checksum = 0;
    this.#engine.run(workload.words, 0, LISTING_WORDS);
    this.run(0, workload.warmUp);
  }

  run(from: number, to: number): void {
    const { words, starts } = this.#workload as Workload;
    const engine = this.#engine;
    for (let at = from; at < to; at += BATCH) {
      const end = Math.min(to, at + BATCH);
      engine.run(words, starts[at] as number, starts[end] as number);
      this.#read(engine.events);
    }
  }

  outcome(): Outcome {
    const book = this.#engine.bookSnapshot(0, WHOLE_BOOK);
    const sides = [book?.bids ?? [], book?.asks ?? []].map((levels) =>
      levels.map(({ priceTicks, totalLots }) => [priceTicks, totalLots] as const),
    );
    return { trades: this.#trades, checksum: this.#checksum, book: bookText(sides) };
  }

  #read(ring: EventRing): void {
    const { i32, f64 } = ring;
    let checksum = this.#checksum;
    for (let at = ring.first(); at !== -1; at = ring.after(at)) {
      if (((i32[at * 2] as number) & 255) !== EVENT.TRADE) continue;
      this.#trades++;
      checksum = fold(
        checksum,
        f64[at + 3] as number,
        f64[at + 4] as number,
        f64[at + 5] as number,
        f64[at + 6] as number,
      );
    }
    this.#checksum = checksum;
    ring.releaseTo(-1);
  }
}

interface TradeObject {
  readonly kind: "trade";
  readonly maker: number;
  readonly taker: number;
  readonly priceTicks: number;
  readonly quantityLots: number;
}

type EventObject = TradeObject | { readonly kind: string; readonly values: readonly number[] };

/** One object a command in, one object an event out. */
export class OursObjects implements Contender {
  readonly name = "ours, objects";
  #engine: Engine | undefined;
  #workload: Workload | undefined;
  #trades = 0;
  #checksum = 0;
  #events: EventObject[] = [];

  prepare(workload: Workload): void {
    this.#engine = createEngine({ sink: this.#sink() });
    this.#workload = workload;
    this.#trades = 0;
    this.#checksum = 0;
    this.#engine.listSymbol({
      request: 1,
      atMs: 0,
      symbol: 0,
      maxPriceTicks: 1_000_000,
      maxQuantityLots: 1_000,
    });
    this.run(0, workload.warmUp);
  }

  run(from: number, to: number): void {
    const engine = this.#engine as Engine;
    const { kind, side, price, lots, account, handle } = this.#workload as Workload;
    for (let index = from; index < to; index++) {
      const request = index + 2;
      if (kind[index] === OPERATION.CANCEL) {
        engine.cancel({ request, atMs: 0, handle: handle[index] as number });
      } else {
        engine.place({
          request,
          atMs: 0,
          symbol: 0,
          account: account[index] as number,
          side: side[index] as number,
          type: 0,
          timeInForce: kind[index] === OPERATION.TAKE ? 3 : 0,
          postOnly: false,
          priceTicks: price[index] as number,
          quantityLots: lots[index] as number,
          worstPriceTicks: 0,
          expireAtMs: 0,
        });
      }
      this.#take();
    }
  }

  outcome(): Outcome {
    const book = this.#engine?.bookSnapshot(0, WHOLE_BOOK);
    const sides = [book?.bids ?? [], book?.asks ?? []].map((levels) =>
      levels.map(({ priceTicks, totalLots }) => [priceTicks, totalLots] as const),
    );
    return { trades: this.#trades, checksum: this.#checksum, book: bookText(sides) };
  }

  #take(): void {
    const events = this.#events;
    for (const event of events) {
      if (!("maker" in event)) continue;
      this.#trades++;
      this.#checksum = fold(this.#checksum, event.maker, event.taker, event.priceTicks, event.quantityLots);
    }
    events.length = 0;
  }

  #sink(): EventSink {
    const push = (kind: string, ...values: number[]): void => {
      this.#events.push({ kind, values });
    };
    return {
      accepted: (sequence, handle) => push("accepted", sequence, handle),
      rejected: (sequence, request, handle) => push("rejected", sequence, request, handle),
      trade: (_sequence, _symbol, _number, maker, taker, priceTicks, quantityLots) => {
        this.#events.push({ kind: "trade", maker, taker, priceTicks, quantityLots });
      },
      replaced: (sequence, request, handle) => push("replaced", sequence, request, handle),
      cancelled: (sequence, request, handle, _cause, lots) =>
        push("cancelled", sequence, request, handle, lots),
      expired: (sequence, handle, lots) => push("expired", sequence, handle, lots),
      completed: (sequence, request) => push("completed", sequence, request),
      levelChanged: (sequence, _symbol, side, price, total, orders) =>
        push("levelChanged", sequence, side, price, total, orders),
    };
  }
}
