import { type EventOf, encodeTradeReported, rfc3339, type TradeReported } from "@bourse/contracts";

type Trade = EventOf<typeof TradeReported>;

/** What is sent instead of a good trade. `value` null: a record without a value. */
export interface PoisonRecord {
  readonly key: string | null;
  readonly value: string | Uint8Array | null;
}

/** What a kind of poison is made of: a good trade, and the good one before it in the same partition, as it was sent. */
interface Ingredients {
  readonly trade: Trade;
  readonly nowMs: number;
  readonly before: string;
}

const DAY_MS = 86_400_000;

const with_ =
  (change: (trade: Trade) => object) =>
  ({ trade }: Ingredients) =>
    keyed(trade, JSON.stringify({ ...trade, ...change(trade) }));

function keyed(trade: Trade, value: string | Uint8Array | null): PoisonRecord {
  return { key: trade.clientId, value };
}

function without(trade: Trade, field: keyof Trade): string {
  const { [field]: _, ...rest } = trade;
  return JSON.stringify(rest);
}

const MAKERS = {
  not_json: ({ trade }) => keyed(trade, encodeTradeReported(trade).slice(0, -20)),
  not_an_object: ({ trade }) => keyed(trade, `[${encodeTradeReported(trade)}]`),
  not_utf8: ({ trade }) => keyed(trade, Uint8Array.of(0x7b, 0xff, 0xfe, 0x80, 0x7d)),
  empty_value: ({ trade }) => keyed(trade, ""),
  null_value: ({ trade }) => keyed(trade, null),
  empty_key: ({ trade }) => ({ key: "", value: encodeTradeReported(trade) }),
  missing_field: ({ trade }) => keyed(trade, without(trade, "price")),
  wrong_type: with_(({ quantity }) => ({ quantity: Number(quantity) })),
  wrong_event_type: with_(() => ({ eventType: "TradeInvented" })),
  bad_time: with_(() => ({ timestamp: "yesterday" })),
  future_time: ({ trade, nowMs }) =>
    keyed(trade, encodeTradeReported({ ...trade, timestamp: rfc3339(nowMs + DAY_MS) })),
  negative_price: with_(({ price }) => ({ price: `-${price}` })),
  zero_quantity: with_(() => ({ quantity: "0" })),
  unknown_symbol: with_(() => ({ symbol: "NOPE-NADA" })),
  unknown_side: with_(() => ({ side: "HOLD" })),
  duplicate_trade_id: ({ trade, before }) => keyed(trade, before),
  huge_number: with_(() => ({ quantity: "9".repeat(60) })),
  nan_text: with_(() => ({ price: "NaN" })),
  exponent: with_(() => ({ price: "1e5" })),
  too_many_decimals: with_(() => ({ quantity: `0.${"0".repeat(23)}1` })),
} as const satisfies Record<string, (from: Ingredients) => PoisonRecord>;

export type PoisonKind = keyof typeof MAKERS;

/** Twenty ways in which a record of the stream can be bad. */
export const POISON_KINDS = Object.keys(MAKERS) as readonly PoisonKind[];

/** A bad record of this kind, in the place of a good trade. */
export function poisonRecord(kind: PoisonKind, from: Ingredients): PoisonRecord {
  return MAKERS[kind](from);
}
