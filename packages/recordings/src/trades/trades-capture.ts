import type { Readable } from "node:stream";
import { linesOf } from "../lines-of.ts";
import { RecordingError } from "../recording-error.ts";
import { positiveDecimal, type RecordedTrade, symbolOf, timeMsOf, wrong } from "./recorded-trade.ts";

/** `<nanoseconds> <json>` or `<seconds>: <json>`: what a venue's socket said, and when. */
const LINE = /^[0-9]+(\.[0-9]+)?:? (?<json>\{.*\})$/;
/** Where a capture says what it asked for. */
const ADDRESS = /^(wss?|https?):\/\//;
/** Most lines of a capture are books: they are not even parsed. */
const TRADE = /"e" ?: ?"(trade|aggTrade)"/;

/** The trades of a capture of Binance's streams; all else in it is passed over. Throws {@link RecordingError}. */
export async function* readTradesCapture(input: Readable): AsyncGenerator<RecordedTrade> {
  let line = 0;
  for await (const text of linesOf(input)) {
    line++;
    if (text === "" || ADDRESS.test(text)) continue;
    const json = LINE.exec(text)?.groups?.json;
    if (json === undefined)
      throw new RecordingError(
        line,
        `the line is ${JSON.stringify(text.slice(0, 60))}; allowed is a time and a JSON object`,
        "line",
      );
    if (!TRADE.test(json)) continue;
    yield tradeOf(json, line);
  }
}

function tradeOf(json: string, line: number): RecordedTrade {
  let message: Record<string, unknown>;
  try {
    const parsed = JSON.parse(json) as Record<string, unknown>;
    message = (parsed.data ?? parsed) as Record<string, unknown>;
  } catch {
    throw new RecordingError(line, "the line's object is cut off; allowed is whole JSON", "line");
  }
  const { T: time, s: symbol, m: buyerRests, p: price, q: quantity } = message;
  if (typeof buyerRests !== "boolean") throw wrong({ line, field: "m" }, buyerRests, "true or false");
  return {
    timeMs: timeMsOf(time, { line, field: "T" }),
    symbol: symbolOf(symbol, { line, field: "s" }),
    side: buyerRests ? "SELL" : "BUY",
    price: positiveDecimal(price, { line, field: "p" }),
    quantity: positiveDecimal(quantity, { line, field: "q" }),
  };
}
