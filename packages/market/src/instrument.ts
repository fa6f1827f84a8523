/**
 * What can be traded: an amount of `baseAsset` against `quoteAsset`. Prices are quote per one base.
 * Scale, tick and lot never change (R9). Decimal strings; `compileInstrument` turns them into integers.
 */
export interface Instrument {
  /** `BTC-USD`, `AAPL`. */
  readonly symbol: string;
  readonly baseAsset: string;
  readonly quoteAsset: string;
  readonly tickSize: string;
  readonly lotSize: string;
  readonly minQuantity: string;
  readonly maxQuantity: string;
  readonly maxPrice: string;
  /** Parts per million of the notional; a maker's may be negative (a rebate). */
  readonly makerFeePpm: number;
  readonly takerFeePpm: number;
  /** How far from the reference price an order may be priced, in parts per million; also the worst price of market orders. */
  readonly collarPpm: number;
  /** The price that collars are measured from until there is a last trade. */
  readonly referencePrice: string;
  /** When DAY orders expire: "24x7" days end at midnight UTC. */
  readonly calendar: string;
  readonly status: InstrumentStatus;
}

export const INSTRUMENT_STATUSES = ["TRADING", "HALTED"] as const;
export type InstrumentStatus = (typeof INSTRUMENT_STATUSES)[number];
