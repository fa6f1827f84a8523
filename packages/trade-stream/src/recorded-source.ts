import { seededRandom } from "@bourse/base";
import { clientNames } from "./trade-generator.ts";
import type { StreamTrade, TradeSource } from "./trade-source.ts";

/** A trade as a recording has it: of two sides, which nobody names. `side` is the aggressor's. */
export interface RecordedTrade {
  readonly timeMs: number;
  readonly symbol: string;
  readonly side: "BUY" | "SELL";
  readonly price: string;
  readonly quantity: string;
}

/**
 * Recorded trades as a stream, in their order and at their times, each given to a client of this seed; trades of one
 * millisecond and side are one order's, so one client's.
 */
export function recordedSource(
  trades: AsyncIterable<RecordedTrade>,
  options: { readonly seed: number; readonly clients: number },
): TradeSource {
  const random = seededRandom(options.seed);
  const clients = clientNames(options.clients);
  const iterator = trades[Symbol.asyncIterator]();
  let before: RecordedTrade | undefined;
  let clientId = "";
  return {
    async next(): Promise<StreamTrade | null> {
      const { done, value } = await iterator.next();
      if (done === true) return null;
      const { timeMs, symbol, side, price, quantity } = value;
      if (before?.timeMs !== timeMs || before.side !== side)
        clientId = clients[random.below(clients.length)] ?? "";
      before = value;
      return { clientId, symbol, side, quantity, price, fee: "0", timeMs };
    },
  };
}
