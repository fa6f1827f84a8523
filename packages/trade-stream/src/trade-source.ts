import { type EventOf, rfc3339, type TradeReported } from "@bourse/contracts";

/** A decimal: as a recording wrote it, or a whole number of the smallest units with so many decimals. */
export type Amount = string | ScaledAmount;

export interface ScaledAmount {
  readonly units: number;
  readonly scale: number;
}

/**
 * A trade as a source tells it. The source may hand out the same object again with other contents: whoever wants to keep
 * it copies it.
 */
export interface StreamTrade {
  readonly clientId: string;
  readonly symbol: string;
  readonly side: "BUY" | "SELL";
  readonly quantity: Amount;
  readonly price: Amount;
  /** In the quote asset. */
  readonly fee: Amount;
  /** Of the event; absent: when it is sent. */
  readonly timeMs?: number;
}

/** Where a stream's trades come from: generated, or recorded. */
export interface TradeSource {
  /** The next trade; null: there are no more. */
  next(): StreamTrade | null | Promise<StreamTrade | null>;
}

/** A trade as the event that tells of it. */
export function reportOf(
  { clientId, symbol, side, quantity, price, fee }: StreamTrade,
  { tradeId, timeMs }: { readonly tradeId: string; readonly timeMs: number },
): EventOf<typeof TradeReported> {
  return {
    eventType: "TradeReported",
    timestamp: rfc3339(timeMs),
    tradeId,
    clientId,
    symbol,
    side,
    quantity: decimalText(quantity),
    price: decimalText(price),
    fee: decimalText(fee),
  };
}

/** As it is written in an event. */
export function decimalText(amount: Amount): string {
  if (typeof amount === "string") return amount;
  const { units, scale } = amount;
  const digits = String(units);
  if (scale === 0) return digits;
  if (digits.length > scale) return `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return `0.${digits.padStart(scale, "0")}`;
}
