import type { Readable } from "node:stream";
import { CsvError, type Parser, parse } from "csv-parse";
import { RecordingError } from "../recording-error.ts";
import { positiveDecimal, type RecordedTrade, sideOf, symbolOf, timeMsOf } from "./recorded-trade.ts";

/** What a column may be called. */
const NAMES = {
  time: ["timestamp", "time", "timestampms", "time_ms", "ts"],
  side: ["side", "direction"],
  price: ["price", "px"],
  quantity: ["quantity", "qty", "amount", "size"],
  symbol: ["symbol", "pair", "ticker"],
} as const;

/** A quote that is never closed would be the rest of the file. */
const MAX_RECORD_BYTES = 65_536;

type Columns = Readonly<Record<keyof typeof NAMES, number>>;

/**
 * A CSV of trades with a header line: columns in any order, others are not looked at. Where there is no symbol column all
 * trades are of `symbol`. Throws {@link RecordingError} at the first line that breaks the format.
 */
export async function* readTradesCsv(input: Readable, symbol: string): AsyncGenerator<RecordedTrade> {
  const parser = parse({ relax_column_count: true, max_record_size: MAX_RECORD_BYTES });
  input.on("error", (error) => parser.destroy(error));
  const rows = rowsOf(input.pipe(parser));
  let columns: Columns | undefined;
  let line = 0;
  for await (const row of rows) {
    line++;
    if (columns === undefined) {
      columns = columnsOf(row);
      continue;
    }
    if (row.length === 1 && row[0] === "") continue;
    const at = (field: keyof Columns): string | undefined => row[columns?.[field] ?? -1];
    yield {
      timeMs: timeMsOf(at("time"), { line, field: "time" }),
      symbol: columns.symbol < 0 ? symbol : symbolOf(at("symbol"), { line, field: "symbol" }),
      side: sideOf(at("side"), { line, field: "side" }),
      price: positiveDecimal(at("price"), { line, field: "price" }),
      quantity: positiveDecimal(at("quantity"), { line, field: "quantity" }),
    };
  }
  if (columns === undefined) throw new RecordingError(1, "there is no header", "line");
}

async function* rowsOf(parser: Parser): AsyncGenerator<string[]> {
  try {
    yield* parser as AsyncIterable<string[]>;
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new RecordingError(
      parser.info.lines,
      `${error.message}; allowed are fields in whole quotes or without any, and at most ${MAX_RECORD_BYTES} bytes a line`,
      "line",
    );
  }
}

function columnsOf(header: readonly string[]): Columns {
  const given = header.map((name) => name.trim().toLowerCase());
  const find = (field: keyof Columns): number =>
    given.findIndex((name) => (NAMES[field] as readonly string[]).includes(name));
  const columns = {
    time: find("time"),
    side: find("side"),
    price: find("price"),
    quantity: find("quantity"),
    symbol: find("symbol"),
  };
  for (const field of ["time", "side", "price", "quantity"] as const) {
    if (columns[field] >= 0) continue;
    throw new RecordingError(
      1,
      `the header "${header.join(",").slice(0, 100)}" has no ${field}; allowed is a column named ${NAMES[field].join(", ")}`,
      "line",
    );
  }
  return columns;
}
