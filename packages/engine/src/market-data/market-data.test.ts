import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededRandom } from "@bourse/base";
import { ObjectEngine } from "../object-engine.ts";
import { applyCommand } from "../testing/engine-command.ts";
import { randomCommands } from "../testing/random-commands.ts";
import { eventSink } from "../testing/recording-sink.ts";
import type { BookReader, ReaderOutcome } from "./book-reader.ts";
import { crc32 } from "./checksum.ts";
import { levelsSnapshot, MarketDataFeed, ordersSnapshot, topSnapshot } from "./feed.ts";
import { LevelReader } from "./level-reader.ts";
import type {
  Covering,
  FeedMessage,
  FeedSnapshot,
  LevelsChanged,
  OrdersChanged,
  TopChanged,
} from "./messages.ts";
import { OrderReader } from "./order-reader.ts";
import { TopReader } from "./top-reader.ts";

const SYMBOLS = [0, 1, 2, 3];
const SEEDS = 30;
const COMMANDS = 400;

/** Readers of all depths of all symbols. */
class Readers {
  readonly tops = SYMBOLS.map((symbol) => new TopReader(symbol));
  readonly levels = SYMBOLS.map((symbol) => new LevelReader(symbol));
  readonly orders = SYMBOLS.map((symbol) => new OrderReader(symbol));

  /** What the reader whom it is for says. */
  take(message: FeedMessage): ReaderOutcome {
    if (message.kind === "topChanged") return (this.tops[message.symbol] as TopReader).take(message);
    if (message.kind === "levelsChanged") return (this.levels[message.symbol] as LevelReader).take(message);
    return (this.orders[message.symbol] as OrderReader).take(message);
  }

  takeSnapshot(snapshot: FeedSnapshot): ReaderOutcome {
    if (snapshot.kind === "topSnapshot")
      return (this.tops[snapshot.symbol] as TopReader).takeSnapshot(snapshot);
    if (snapshot.kind === "levelsSnapshot")
      return (this.levels[snapshot.symbol] as LevelReader).takeSnapshot(snapshot);
    return (this.orders[snapshot.symbol] as OrderReader).takeSnapshot(snapshot);
  }

  of(message: FeedMessage): BookReader<never, never> {
    const readers = { topChanged: this.tops, levelsChanged: this.levels, ordersChanged: this.orders }[
      message.kind
    ];
    return readers[message.symbol] as unknown as BookReader<never, never>;
  }
}

/** An engine with its feed, driven by a seed's commands. */
function market(tell: (message: FeedMessage) => void): { engine: ObjectEngine; feed: MarketDataFeed } {
  const feed = new MarketDataFeed(tell);
  const sink = {
    ...eventSink(() => {}),
    levelChanged: feed.levelChanged.bind(feed),
    orderAdded: feed.orderAdded.bind(feed),
    orderReduced: feed.orderReduced.bind(feed),
  };
  return { engine: new ObjectEngine({ maxOrders: 10_000, maxAccounts: 64 }, sink, true), feed };
}

function snapshotOf(engine: ObjectEngine, message: FeedMessage): FeedSnapshot {
  const make = { topChanged: topSnapshot, levelsChanged: levelsSnapshot, ordersChanged: ordersSnapshot }[
    message.kind
  ];
  const snapshot = make(engine, message.symbol);
  assert.ok(snapshot !== undefined);
  return snapshot;
}

function assertEqualBooks(engine: ObjectEngine, readers: Readers, where: string): void {
  for (const symbol of SYMBOLS) {
    const book = engine.bookSnapshot(symbol, 1_000_000);
    if (book === undefined) continue;
    const orders = engine.orderBook(symbol, 1_000_000);
    assert.deepEqual(readers.levels[symbol]?.book(), book, `L2, ${where}`);
    assert.deepEqual(readers.orders[symbol]?.book(), orders, `L3, ${where}`);
    assert.deepEqual(readers.tops[symbol]?.book(), { bid: book.bids[0], ask: book.asks[0] }, `L1, ${where}`);
    // What the orders show is what their levels show.
    for (const side of ["bids", "asks"] as const) {
      const sums = orders?.[side].map((level) => ({
        priceTicks: level.priceTicks,
        totalLots: level.orders.reduce((sum, { lots }) => sum + lots, 0),
        orderCount: level.orders.length,
      }));
      assert.deepEqual(sums, book[side], `L3 adds up to L2, ${where}`);
    }
  }
}

/** All messages of a seed's commands, one publication a command. */
function messagesOf(seed: number): { readonly messages: FeedMessage[]; readonly engine: ObjectEngine } {
  const messages: FeedMessage[] = [];
  const { engine, feed } = market((message) => messages.push(message));
  for (const command of randomCommands(seed, COMMANDS)) {
    applyCommand(engine, command);
    while (engine.pendingWork()) engine.work(1_000);
    feed.publish(engine);
  }
  return { messages, engine };
}

describe("readers of the feed", () => {
  it("have the engine's visible book after every command, whatever orders there are", () => {
    let changes = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const readers = new Readers();
      const { engine, feed } = market((message) => {
        assert.equal(readers.take(message), "applied", `seed ${seed}: ${JSON.stringify(message)}`);
        changes++;
      });
      for (const [index, command] of randomCommands(seed, COMMANDS).entries()) {
        applyCommand(engine, command);
        while (engine.pendingWork()) engine.work(3);
        feed.publish(engine);
        assertEqualBooks(engine, readers, `seed ${seed}, command ${index}: ${JSON.stringify(command)}`);
      }
    }
    assert.ok(changes > SEEDS * COMMANDS * 0.5, `${changes} messages`);
  });

  it("have it too where one message tells of many commands", () => {
    for (let seed = 1; seed <= 10; seed++) {
      const readers = new Readers();
      const random = seededRandom(seed);
      const { engine, feed } = market((message) => {
        assert.equal(readers.take(message), "applied", `seed ${seed}`);
      });
      for (const command of randomCommands(seed, COMMANDS)) {
        applyCommand(engine, command);
        while (engine.pendingWork()) engine.work(3);
        if (random.below(10) !== 0) continue;
        feed.publish(engine);
        assertEqualBooks(engine, readers, `seed ${seed}`);
      }
    }
  });

  it("say the same again for the same commands", () => {
    assert.deepEqual(messagesOf(3).messages, messagesOf(3).messages);
  });

  it("notice every message that is lost, and come back by a snapshot taken at any time", () => {
    let lost = 0;
    for (let seed = 1; seed <= 15; seed++) {
      const random = seededRandom(seed);
      const readers = new Readers();
      const dropped = new Set<string>();
      const awaited = new Map<string, FeedMessage>();
      const { engine, feed } = market((message) => {
        const name = `${message.kind} ${message.symbol}`;
        if (random.below(12) === 0) {
          dropped.add(name);
          lost++;
          return;
        }
        const outcome = readers.take(message);
        if (dropped.has(name)) {
          assert.ok(outcome === "gap" || outcome === "waiting", `seed ${seed}: ${outcome} after a loss`);
          assert.equal(readers.of(message).needsSnapshot, true);
          awaited.set(name, message);
        } else assert.equal(outcome, "applied", `seed ${seed}`);
      });
      for (const command of randomCommands(seed, COMMANDS)) {
        applyCommand(engine, command);
        while (engine.pendingWork()) engine.work(1_000);
        feed.publish(engine);
        for (const [name, message] of awaited) {
          if (random.below(4) !== 0) continue;
          assert.equal(readers.takeSnapshot(snapshotOf(engine, message)), "resynced", `seed ${seed}`);
          awaited.delete(name);
          dropped.delete(name);
        }
      }
      for (const symbol of SYMBOLS) {
        for (const make of [topSnapshot, levelsSnapshot, ordersSnapshot]) {
          const snapshot = make(engine, symbol);
          if (snapshot !== undefined) readers.takeSnapshot(snapshot);
        }
      }
      assertEqualBooks(engine, readers, `seed ${seed}, at its end`);
    }
    assert.ok(lost > 200, `${lost} messages were lost`);
  });

  it("come back by a snapshot that is older than what they have waited with", () => {
    const readers = new Readers();
    const late: FeedMessage[] = [];
    const { engine, feed } = market((message) => late.push(message));
    const commands = randomCommands(9, COMMANDS);
    let snapshots: FeedSnapshot[] = [];
    for (const [index, command] of commands.entries()) {
      applyCommand(engine, command);
      while (engine.pendingWork()) engine.work(1_000);
      // In the middle of what the next message tells.
      if (index === 200) {
        snapshots = SYMBOLS.flatMap((symbol) =>
          [topSnapshot, levelsSnapshot, ordersSnapshot].flatMap((make) => make(engine, symbol) ?? []),
        );
      }
      if (index % 8 === 0) feed.publish(engine);
    }
    feed.publish(engine);
    const begun = new Set<string>();
    for (const message of late) {
      const name = `${message.kind} ${message.symbol}`;
      // The first of each is lost, but for the symbol in which hardly anything happens.
      if (message.symbol < 3 && !begun.has(name)) begun.add(name);
      else assert.equal(readers.take(message) === "applied", message.symbol === 3);
    }
    assert.equal(begun.size, 9);
    for (const snapshot of snapshots) {
      const outcome = readers.takeSnapshot(snapshot);
      assert.ok(outcome === "resynced" || outcome === "repeated", outcome);
    }
    assertEqualBooks(engine, readers, "at the end");
  });

  it("ignore what is repeated and never take it twice", () => {
    for (let seed = 1; seed <= 10; seed++) {
      const random = seededRandom(seed);
      const { messages, engine } = messagesOf(seed);
      const readers = new Readers();
      for (const [index, message] of messages.entries()) {
        assert.equal(readers.take(message), "applied");
        const again = messages[index - random.below(Math.min(index + 1, 30))] as FeedMessage;
        assert.equal(readers.take(again), "repeated");
      }
      assertEqualBooks(engine, readers, `seed ${seed}`);
    }
  });

  it("notice what comes in another order, and are right again when a snapshot comes", () => {
    let swaps = 0;
    for (let seed = 1; seed <= 15; seed++) {
      const { messages, engine } = messagesOf(seed);
      for (const kind of ["topChanged", "levelsChanged", "ordersChanged"] as const) {
        const some = messages.filter((message) => message.kind === kind && message.symbol === 0);
        const at = 1 + (seed % 20);
        const [one, other] = [some[at], some[at + 1]];
        if (one === undefined || other === undefined) continue;
        const readers = new Readers();
        for (const message of some.slice(0, at)) readers.take(message);
        assert.equal(readers.take(other), "gap");
        assert.equal(readers.take(one), "waiting");
        for (const message of some.slice(at + 2)) assert.equal(readers.take(message), "waiting");
        assert.equal(readers.takeSnapshot(snapshotOf(engine, one)), "resynced");
        swaps++;
      }
    }
    assert.ok(swaps > 30);
  });
});

/** A message with something in it that is wrong; undefined where it has nothing of the kind. */
type Fault = (message: FeedMessage) => FeedMessage | undefined;

function withChange(message: FeedMessage, change: (one: object) => object): FeedMessage | undefined {
  if (message.kind === "topChanged") return undefined;
  const [first, ...others] = message.changes as readonly object[];
  return { ...message, changes: [change(first as object), ...others] } as FeedMessage;
}

const FAULTS: Readonly<Record<string, Fault>> = {
  "another checksum": (message) => ({ ...message, checksum: message.checksum ^ 1 }),
  "a later end": (message) => ({ ...message, lastSequence: message.lastSequence + 1 }),
  "an end before its beginning": (message) => ({ ...message, lastSequence: message.firstSequence - 1 }),
  "a broken number": (message) => ({ ...message, lastSequence: message.lastSequence + 0.5 }),
  "one change less": (message) =>
    message.kind === "topChanged"
      ? undefined
      : ({ ...message, changes: message.changes.slice(1) } as FeedMessage),
  "the first change twice": (message) =>
    message.kind === "topChanged"
      ? undefined
      : ({ ...message, changes: [message.changes[0], ...message.changes] } as FeedMessage),
  "a negative quantity": (message) =>
    withChange(message, (one) => ({ ...one, ...("lots" in one ? { lots: -1 } : { totalLots: -1 }) })),
  "another top": (message) =>
    message.kind === "topChanged"
      ? { ...message, bid: { priceTicks: 1, totalLots: 99, orderCount: 7 } }
      : undefined,
  "another handle": (message) =>
    message.kind === "ordersChanged"
      ? withChange(message, (one) => ({ ...one, handle: 123_456_789 }))
      : undefined,
};

describe("a fault in a message", () => {
  for (const [what, fault] of Object.entries(FAULTS)) {
    it(`is noticed: ${what}`, () => {
      let planted = 0;
      for (let seed = 1; seed <= 12; seed++) {
        const { messages } = messagesOf(seed);
        for (let at = seed; at < messages.length; at += 37) {
          const wrong = fault(messages[at] as FeedMessage);
          if (wrong === undefined) continue;
          const readers = new Readers();
          for (const message of messages.slice(0, at)) readers.take(message);
          const outcome = readers.take(wrong);
          assert.equal(outcome, "corrupt", `seed ${seed}, message ${at}: ${JSON.stringify(wrong)}`);
          assert.equal(readers.of(wrong).needsSnapshot, true);
          planted++;
        }
      }
      assert.ok(planted > 20, `${planted} faults`);
    });
  }

  it("of a snapshot is noticed, and a reader that had a book keeps it", () => {
    const { engine } = messagesOf(4);
    const snapshot = levelsSnapshot(engine, 0);
    assert.ok(snapshot !== undefined && snapshot.bids.length > 0);
    const reader = new LevelReader(0);
    assert.equal(reader.takeSnapshot({ ...snapshot, bids: snapshot.bids.slice(1) }), "corrupt");
    assert.equal(reader.takeSnapshot({ ...snapshot, sequence: snapshot.sequence - 1 }), "corrupt");
    assert.deepEqual(reader.book(), { bookSequence: 0, bids: [], asks: [] });
    assert.equal(reader.takeSnapshot(snapshot), "resynced");
    assert.deepEqual(reader.book(), engine.bookSnapshot(0, 1_000));
  });
});

describe("a reader", () => {
  it("takes no other symbol's messages", () => {
    const change: Covering = { symbol: 1, firstSequence: 1, lastSequence: 1, checksum: 0 };
    assert.equal(
      new LevelReader(0).take({ kind: "levelsChanged", changes: [], ...change } as LevelsChanged),
      "foreign",
    );
    assert.equal(
      new TopReader(0).take({ ...change, kind: "topChanged", bid: undefined, ask: undefined } as TopChanged),
      "foreign",
    );
    assert.equal(
      new OrderReader(0).take({ kind: "ordersChanged", changes: [], ...change } as OrdersChanged),
      "foreign",
    );
  });

  it("keeps no more than it was told to while it waits, and then needs a newer snapshot", () => {
    const reader = new TopReader(0, 2);
    const change = (firstSequence: number): TopChanged => {
      const covered = { symbol: 0, firstSequence, lastSequence: firstSequence };
      return {
        kind: "topChanged",
        ...covered,
        bid: undefined,
        ask: undefined,
        checksum: crc32(`${firstSequence}||`),
      };
    };
    assert.deepEqual(
      [5, 6, 7].map((first) => reader.take(change(first))),
      ["gap", "waiting", "waiting"],
    );
    const snapshot = (sequence: number) => {
      const none = { bid: undefined, ask: undefined };
      return { kind: "topSnapshot", symbol: 0, sequence, ...none, checksum: crc32(`${sequence}||`) } as const;
    };
    assert.equal(reader.takeSnapshot(snapshot(4)), "gap");
    assert.equal(reader.book(), undefined);
    assert.equal(reader.takeSnapshot(snapshot(5)), "resynced");
    assert.equal(reader.sequence, 7);
  });

  it("shows nothing of hidden orders and of what icebergs hold back", () => {
    const messages: FeedMessage[] = [];
    const { engine, feed } = market((message) => messages.push(message));
    const head = (request: number) => ({ request, atMs: 1 });
    const order = { symbol: 0, account: 1, side: 0, type: 0, timeInForce: 0, postOnly: false };
    const terms = { ...order, priceTicks: 100, worstPriceTicks: 0, expireAtMs: 0 };
    engine.listSymbol({ ...head(1), symbol: 0, maxPriceTicks: 1_000, maxQuantityLots: 1_000 });
    engine.place({ ...head(2), ...terms, quantityLots: 70, hidden: true });
    engine.place({ ...head(3), ...terms, quantityLots: 50, displayLots: 10 });
    feed.publish(engine);
    const [levels, top, orders] = messages;
    const level = { priceTicks: 100, totalLots: 10, orderCount: 1 };
    assert.deepEqual((levels as LevelsChanged).changes, [{ side: 0, ...level }]);
    assert.deepEqual((top as TopChanged).bid, level);
    assert.deepEqual((orders as OrdersChanged).changes, [
      { kind: "added", handle: 3, side: 0, priceTicks: 100, lots: 10 },
    ]);
    assert.equal(messages.length, 3);
  });

  it("can check the checksum with any CRC-32", () => {
    assert.equal(crc32("123456789"), 0xcbf43926);
  });
});
