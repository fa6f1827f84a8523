import { type BusRecord, SPAN } from "@bourse/bus";
import { tradeEvents } from "@bourse/contracts";
import type { BulkBatch, BulkRange, BulkRefusal } from "@bourse/delivery";
import type { PositionBook } from "../domain/position-book.ts";
import { ReportScanner, SCAN } from "../domain/scan-report.ts";
import { ACCEPTED, LEG, type TradeColumns, WRONG_KEY } from "../domain/trade-columns.ts";
import type { TradeProcessor } from "../trade-processor.ts";
import { type Refusal, readReport, refusalOf } from "./explain-report.ts";
import { readPlatformTrade } from "./platform-trades.ts";

interface Scanned {
  readonly columns: TradeColumns;
  readonly parked: BulkRefusal[];
}

/** Records of the log into rows: each becomes one, or two, or is refused with its reason. */
export class BatchScanner {
  readonly #service: Pick<TradeProcessor, "instruments" | "maxAheadMs">;
  readonly #reports: ReportScanner;
  readonly #book: PositionBook;

  constructor(service: Pick<TradeProcessor, "instruments" | "maxAheadMs">, book: PositionBook) {
    this.#service = service;
    this.#reports = new ReportScanner(service.instruments);
    this.#book = book;
  }

  scan({ ranges, count }: BulkBatch, into: Scanned, nowMs: number): void {
    into.columns.reset(count);
    const latestMs = nowMs + this.#service.maxAheadMs;
    ranges.forEach((range, nth) => {
      if (range.chunk.topic === tradeEvents.name) this.#scanPlatform(range, nth, into);
      else this.#scanReports(range, nth, into, latestMs);
    });
  }

  #scanReports(range: BulkRange, nth: number, { columns, parked }: Scanned, latestMs: number): void {
    const { chunk } = range;
    const { bytes, spans, stride } = chunk;
    columns.ensure(columns.count + range.to - range.from);
    for (let index = range.from; index < range.to; index++) {
      const row = columns.count;
      const base = index * stride;
      let source: Uint8Array = bytes;
      let code = this.#reports.scan(
        bytes,
        spans[base + SPAN.value] ?? 0,
        spans[base + SPAN.value + 1] ?? 0,
        columns,
        row,
      );
      if (code === SCAN.otherForm) {
        const read = readReport(chunk.record(index));
        if (!("bytes" in read)) {
          parked.push({ range, index, ...read });
          continue;
        }
        source = read.bytes;
        code = this.#reports.scan(source, 0, source.length, columns, row);
      }
      const refusal =
        code === SCAN.ok
          ? this.#refuseTime(columns.timesMs[row] ?? 0, latestMs)
          : refusalOf(code, chunk.record(index), (symbol) => this.#service.instruments.bySymbol(symbol));
      if (refusal !== null) {
        parked.push({ range, index, ...refusal });
        continue;
      }
      columns.sources[row] = source;
      columns.legs[row] = LEG.report;
      columns.ranges[row] = nth;
      columns.records[row] = index;
      const isKeyed = isClient(columns, row, {
        source,
        bytes,
        keyStart: spans[base] ?? -1,
        keyEnd: spans[base + 1] ?? -1,
      });
      columns.accepted[row] = isKeyed ? ACCEPTED : WRONG_KEY;
      columns.clients[row] = this.#book.client(
        source,
        columns.clientStart[row] ?? 0,
        columns.clientEnd[row] ?? 0,
      );
      columns.count++;
    }
  }

  #refuseTime(timeMs: number, latestMs: number): Refusal | null {
    if (timeMs <= latestMs) return null;
    const { maxAheadMs } = this.#service;
    const aheadMs = timeMs - latestMs + maxAheadMs;
    return {
      code: "time_in_future",
      message: `timestamp is ${aheadMs} ms in the future, and may be at most ${maxAheadMs} ms`,
    };
  }

  #scanPlatform(range: BulkRange, nth: number, { columns, parked }: Scanned): void {
    for (let index = range.from; index < range.to; index++) {
      const record: BusRecord = range.chunk.record(index);
      const read = readPlatformTrade(record, this.#service.instruments, columns);
      if (!("rows" in read)) {
        parked.push({ range, index, ...read });
        continue;
      }
      for (let row = columns.count; row < columns.count + read.rows; row++) {
        columns.ranges[row] = nth;
        columns.records[row] = index;
        columns.accepted[row] = ACCEPTED;
        const source = columns.sources[row] as Uint8Array;
        columns.clients[row] = this.#book.client(
          source,
          columns.clientStart[row] ?? 0,
          columns.clientEnd[row] ?? 0,
        );
      }
      columns.count += read.rows;
    }
  }
}

function isClient(
  columns: TradeColumns,
  row: number,
  at: {
    readonly source: Uint8Array;
    readonly bytes: Uint8Array;
    readonly keyStart: number;
    readonly keyEnd: number;
  },
): boolean {
  const { source, bytes, keyStart, keyEnd } = at;
  const start = columns.clientStart[row] ?? 0;
  const length = (columns.clientEnd[row] ?? 0) - start;
  if (keyStart < 0 || keyEnd - keyStart !== length) return false;
  for (let step = 0; step < length; step++) if (bytes[keyStart + step] !== source[start + step]) return false;
  return true;
}
