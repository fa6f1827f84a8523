import { formatDecimal } from "@bourse/base";
import type { BulkRange } from "@bourse/delivery";
import type { SinkBatch, SinkRow } from "../adapters/trade-sink.ts";
import type { BookEntry } from "../domain/position-book.ts";
import type { TradeColumns } from "../domain/trade-columns.ts";
import type { TradeInstrument } from "../domain/trade-instruments.ts";

interface Run {
  readonly topic: string;
  readonly topicId: string;
  readonly partition: number;
  readonly firstOffset: number;
  lastOffset: number;
  readonly rows: SinkRow[];
}

/** The rows of a batch for a sink, by partition. */
export class SinkRows {
  readonly #runs = new Map<string, Run>();

  constructor(ranges: readonly BulkRange[]) {
    for (const { chunk, from, to, topicId } of ranges) {
      const key = `${chunk.topic}/${chunk.partition}`;
      const lastOffset = chunk.offsets[to - 1] ?? 0;
      const run = this.#runs.get(key);
      if (run !== undefined) run.lastOffset = lastOffset;
      else {
        const { topic, partition } = chunk;
        this.#runs.set(key, {
          topic,
          topicId,
          partition,
          firstOffset: chunk.offsets[from] ?? 0,
          lastOffset,
          rows: [],
        });
      }
    }
  }

  add(
    columns: TradeColumns,
    row: number,
    {
      range,
      offset,
      entry,
      realised,
      instrument,
    }: {
      readonly range: BulkRange;
      readonly offset: number;
      readonly entry: BookEntry;
      readonly realised: number | bigint;
      readonly instrument: TradeInstrument;
    },
  ): void {
    const { priceScale, quantityScale, amountScale } = instrument;
    const { quantityLots, costUnits } = entry.held.position;
    const source = columns.sources[row] as Uint8Array;
    const text = (start: number, end: number): string =>
      Buffer.from(source.buffer, source.byteOffset).toString("latin1", start, end);
    const order = columns.orderStart[row] ?? -1;
    const whole = (value: number | undefined): bigint => BigInt(value ?? 0);
    this.#runs.get(`${range.chunk.topic}/${range.chunk.partition}`)?.rows.push({
      offset,
      clientId: entry.clientId,
      tradeId: text(columns.tradeStart[row] ?? 0, columns.tradeEnd[row] ?? 0),
      leg: columns.legs[row] ?? 0,
      orderId: order < 0 ? null : text(order, columns.orderEnd[row] ?? 0),
      symbol: instrument.symbol,
      side: columns.sides[row] === 1 ? "BUY" : "SELL",
      quantity: formatDecimal(whole(columns.quantityLots[row]), quantityScale),
      price: formatDecimal(whole(columns.priceTicks[row]), priceScale),
      notional: formatDecimal(whole(columns.notionalUnits[row]), amountScale),
      fee: formatDecimal(whole(columns.feeUnits[row]), amountScale),
      realised: formatDecimal(BigInt(realised), amountScale),
      positionQuantity: formatDecimal(quantityLots, quantityScale),
      positionCost: formatDecimal(costUnits, amountScale),
      tradeMs: columns.timesMs[row] ?? 0,
    });
  }

  batch(): SinkBatch {
    return { runs: [...this.#runs.values()] };
  }
}
