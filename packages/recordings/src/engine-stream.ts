import type { Readable } from "node:stream";
import { parse } from "csv-parse";
import type { RecordedCommand, RecordedFill, RecordedKind, Touch, TouchSide } from "./recorded-command.ts";
import { RecordingError, wholeNumber } from "./recording-error.ts";

/** `cmd,id,side,price,qty,row,fills,bid,bidSz,ask,askSz`, with this header line. */
export const ENGINE_STREAM_COLUMNS = [
  "cmd",
  "id",
  "side",
  "price",
  "qty",
  "row",
  "fills",
  "bid",
  "bidSz",
  "ask",
  "askSz",
];

const KINDS: Readonly<Record<string, RecordedKind>> = {
  L: "limit",
  X: "reduce",
  D: "delete",
  M: "aggress",
  H: "hidden",
};

/** Reads an engine-stream CSV (already decompressed). Throws {@link RecordingError} at the first row that breaks the format. */
export async function* readEngineStream(input: Readable): AsyncGenerator<RecordedCommand> {
  const parser = parse({ relax_column_count: true, quote: null });
  input.on("error", (error) => parser.destroy(error));
  const rows: AsyncIterable<string[]> = input.pipe(parser);
  let line = 0;
  for await (const columns of rows) {
    line++;
    if (line === 1) {
      if (columns.join(",") !== ENGINE_STREAM_COLUMNS.join(",")) {
        throw otherHeader(columns);
      }
      continue;
    }
    if (columns.length === 1 && columns[0] === "") continue;
    if (columns.length !== ENGINE_STREAM_COLUMNS.length) {
      throw new RecordingError(
        line,
        `the line has ${columns.length} columns; allowed are ${ENGINE_STREAM_COLUMNS.length}`,
        "line",
      );
    }
    yield recordedCommand(columns, line);
  }
  if (line === 0) throw otherHeader([]);
}

function otherHeader(columns: readonly string[]): RecordingError {
  return new RecordingError(
    1,
    `the header is "${columns.join(",").slice(0, 100)}"; allowed is "${ENGINE_STREAM_COLUMNS.join(",")}"`,
    "line",
  );
}

function recordedCommand(columns: readonly string[], line: number): RecordedCommand {
  const [command = "", id = "", side = "", price = "", quantity = "", row = "", fills = ""] = columns;
  const kind = KINDS[command];
  if (kind === undefined)
    throw new RecordingError(line, `cmd is "${command}"; allowed are L, X, D, M, H`, "line");
  const priced = kind === "limit" || kind === "aggress";
  if (priced && side !== "B" && side !== "S")
    throw new RecordingError(line, `side is "${side}"; allowed are B, S`, "line");
  if ((kind === "limit" || kind === "reduce" || kind === "delete") && id === "") {
    throw new RecordingError(line, `id is empty; allowed is an order id`, "line");
  }
  return {
    kind,
    id,
    side: side === "B" ? "BUY" : side === "S" ? "SELL" : null,
    price: priced
      ? wholeNumber(price, line, "price", "line")
      : price === ""
        ? 0
        : wholeNumber(price, line, "price", "line"),
    quantity: kind === "delete" ? 0 : wholeNumber(quantity, line, "qty", "line"),
    row: row === "" ? 0 : wholeNumber(row, line, "row", "line"),
    fills: fills === "" ? [] : fills.split("|").map((fill) => recordedFill(fill, line)),
    touch: touch(columns, line),
  };
}

function recordedFill(text: string, line: number): RecordedFill {
  const [makerId = "", price, quantity] = text.split(":");
  return {
    makerId,
    price: wholeNumber(price, line, "fills", "line"),
    quantity: wholeNumber(quantity, line, "fills", "line"),
  };
}

function touch(columns: readonly string[], line: number): Touch | null {
  const [bid = "", bidSize = "", ask = "", askSize = ""] = columns.slice(7);
  if (bid === "" && ask === "") return null;
  return { bid: touchSide(bid, bidSize, line, "bid"), ask: touchSide(ask, askSize, line, "ask") };
}

function touchSide(price: string, size: string, line: number, field: string): TouchSide | null {
  if (price === "" || Math.abs(Number(price)) === 9_999_999_999) return null;
  return {
    price: wholeNumber(price, line, field, "line"),
    quantity: wholeNumber(size, line, `${field}Sz`, "line"),
  };
}
