import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { STREAM_SYMBOLS, TradeReported } from "@bourse/contracts";
import { Compile } from "typebox/compile";
import { JOURNAL_HEADER, journalLine } from "./journal.ts";
import { POISON_KINDS, poisonRecord } from "./poison.ts";
import { StreamWriter, type WrittenRecord } from "./stream-writer.ts";
import { tradeGenerator } from "./trade-generator.ts";
import type { StreamTrade } from "./trade-source.ts";

const NOW_MS = 1_795_000_000_000;
const contract = Compile(TradeReported.schema);
const trade = {
  eventType: "TradeReported",
  timestamp: "2026-11-18T10:00:00.000Z",
  tradeId: "r-17",
  clientId: "C00042",
  symbol: "BTC-USD",
  side: "BUY",
  quantity: "0.0153",
  price: "57012.34",
  fee: "0.35",
} as const;
const before = JSON.stringify({ ...trade, tradeId: "r-16" });

/** What a strict reader has against a record; null: nothing. */
function fault({ key, value }: { key: string | null; value: string | Uint8Array | null }): string | null {
  if (key === null || key === "") return "key";
  if (value === null) return "no value";
  let event: Record<string, unknown>;
  try {
    event = JSON.parse(
      typeof value === "string" ? value : new TextDecoder("utf-8", { fatal: true }).decode(value),
    );
  } catch {
    return "not JSON";
  }
  if (!contract.Check(event)) return "schema";
  if (!(STREAM_SYMBOLS as readonly unknown[]).includes(event.symbol)) return "symbol";
  if (Number(event.price) <= 0 || Number(event.quantity) <= 0) return "not positive";
  if (Date.parse(String(event.timestamp)) > NOW_MS) return "future";
  if (String(event.quantity).length > 20) return "decimals";
  return event.tradeId === "r-16" ? "seen" : null;
}

describe("poison", () => {
  it("has twenty kinds", () => assert.equal(POISON_KINDS.length, 20));

  for (const kind of POISON_KINDS) {
    it(`${kind} is refused by a strict reader`, () => {
      assert.notEqual(fault(poisonRecord(kind, { trade, nowMs: NOW_MS, before })), null);
    });
  }

  it("is what makes the difference: the trade itself is good", () => {
    assert.equal(fault({ key: trade.clientId, value: JSON.stringify(trade) }), null);
  });
});

describe("a writer of the stream", () => {
  const written = (poisonShare: number, count: number): { writer: StreamWriter; told: WrittenRecord[] } => {
    const told: WrittenRecord[] = [];
    const writer = new StreamWriter({
      topic: "sim.trade-events",
      partitions: 3,
      run: "r",
      poisonShare,
      seed: 5,
      onRecord: (record) => told.push(record),
    });
    const generator = tradeGenerator({ seed: 5, clients: 20 });
    for (let index = 0; index < count; index++) writer.add(generator.next(), NOW_MS);
    return { writer, told };
  };

  it("numbers each partition without gaps and keeps a client in one", () => {
    const { writer, told } = written(0, 2_000);
    const next = [1, 1, 1];
    const placeOf = new Map<string, number>();
    for (const { partition, sequence, trade: each } of told) {
      assert.equal(sequence, next[partition]);
      next[partition] = sequence + 1;
      assert.equal(placeOf.get(each.clientId) ?? partition, partition);
      placeOf.set(each.clientId, partition);
    }
    assert.equal(writer.producer, "generator-r");
    const batches = writer.take();
    assert.equal(
      batches.reduce((sum, batch) => sum + batch.count, 0),
      2_000,
    );
    assert.deepEqual(writer.take(), []);
    assert.equal(writer.waitingBytes, 0);
  });

  it("writes the same bytes whether anybody is told of them or not", () => {
    const strange = [
      {
        clientId: "C1",
        symbol: "AAPL",
        side: "SELL",
        quantity: "10.50",
        price: "1e3",
        fee: "-0.1",
        timeMs: 5,
      },
      { clientId: 'é"', symbol: "BTC-USD", side: "BUY", quantity: "1", price: "2", fee: "3" },
      { clientId: "C2", symbol: "\\", side: "BUY", quantity: "1\n", price: "2", fee: "3" },
      { clientId: "C2", symbol: "AAPL", side: "BUY", quantity: "1\n", price: "2", fee: "3" },
      ...[0, 7, 10, 99_999, 123_456_789, Number.MAX_SAFE_INTEGER].map((units, scale) => ({
        clientId: "C3",
        symbol: "TSLA",
        side: "BUY",
        quantity: { units, scale },
        price: { units, scale: 0 },
        fee: { units, scale: 8 },
      })),
    ] as readonly StreamTrade[];
    const packed = (onRecord?: () => void): Buffer[] => {
      const options = { topic: "sim.trade-events", partitions: 3, run: "r", poisonShare: 0, seed: 5 };
      const writer = new StreamWriter({ ...options, ...(onRecord === undefined ? {} : { onRecord }) });
      const generator = tradeGenerator({ seed: 5, clients: 20 });
      for (const each of strange) writer.add(each, NOW_MS);
      for (let index = 0; index < 2_000; index++) writer.add(generator.next(), NOW_MS + (index >> 8));
      return writer.take().map(({ bytes }) => bytes);
    };
    assert.deepEqual(
      packed(),
      packed(() => undefined),
    );
  });

  it("spoils the share that is asked for, all kinds alike, and tells which", () => {
    const { writer, told } = written(0.1, 20_000);
    const bad = told.filter(({ kind }) => kind !== "good");
    assert.ok(bad.length > 1_700 && bad.length < 2_300, `${bad.length} of 20,000`);
    const counts = Object.values(writer.poisoned);
    assert.equal(counts.length, 20);
    assert.ok(Math.max(...counts) - Math.min(...counts) <= 1);
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      bad.length,
    );
    const columns = JOURNAL_HEADER.split(",").length;
    for (const record of told) assert.equal(journalLine(record).split(",").length, columns);
  });
});
