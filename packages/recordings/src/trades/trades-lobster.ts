import type { Readable } from "node:stream";
import { formatDecimal } from "@bourse/base";
import { linesOf } from "../lines-of.ts";
import { lobsterMessage } from "../lobster.ts";
import { type RecordedTrade, shifted } from "./recorded-trade.ts";

const VISIBLE = 4;
const HIDDEN = 5;
const PRICE_SCALE = 4;
const MS_DECIMALS = 3;

/** The executions of a LOBSTER message file, visible and hidden. `dayMs` is the midnight that its times count from. */
export async function* readTradesLobster(
  input: Readable,
  { symbol, dayMs }: { readonly symbol: string; readonly dayMs: number },
): AsyncGenerator<RecordedTrade> {
  let row = 0;
  for await (const line of linesOf(input)) {
    if (line === "") continue;
    const { type, time, price, shares, side } = lobsterMessage(line, row++);
    if (type !== VISIBLE && type !== HIDDEN) continue;
    yield {
      timeMs: dayMs + shifted(time, MS_DECIMALS),
      symbol,
      // The row carries the resting order's side.
      side: side === "BUY" ? "SELL" : "BUY",
      price: formatDecimal(BigInt(price), PRICE_SCALE),
      quantity: String(shares),
    };
  }
}
