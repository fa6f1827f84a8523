import { assert, type Random, seededRandom } from "@bourse/base";
import { quantile, STREAM_INSTRUMENTS, type StreamInstrument } from "./market-model.ts";
import type { ScaledAmount, StreamTrade, TradeSource } from "./trade-source.ts";

export interface GeneratorOptions {
  /** The same seed yields the same trades. */
  readonly seed: number;
  readonly clients: number;
}

export interface GeneratedTrade extends StreamTrade {
  readonly quantity: ScaledAmount;
  readonly price: ScaledAmount;
  readonly fee: ScaledAmount;
}

export interface TradeGenerator extends TradeSource {
  next(): GeneratedTrade;
}

/** 0.04%. */
const FEE_PPM = 400;
const PPM = 1_000_000;

interface MutableTrade {
  clientId: string;
  symbol: string;
  side: "BUY" | "SELL";
  readonly quantity: MutableAmount;
  readonly price: MutableAmount;
  readonly fee: MutableAmount;
}

interface MutableAmount {
  units: number;
  scale: number;
}

/**
 * An endless realistic stream: orders of few busy and many quiet clients take what rests, in sweeps of several trades of
 * one side at prices that run away, with sizes and steps as measured ({@link STREAM_INSTRUMENTS}). Prices stay within
 * half and double of where they began.
 */
export function tradeGenerator({ seed, clients }: GeneratorOptions): TradeGenerator {
  assert(Number.isInteger(clients) && clients > 0, "a stream has clients");
  const random = seededRandom(seed);
  const markets = STREAM_INSTRUMENTS.map((instrument) => new Market(instrument, random));
  const byWeight = markets.flatMap((market) => new Array<Market>(market.instrument.weight).fill(market));
  const clientIds = clientNames(clients);
  const trade: MutableTrade = {
    clientId: "",
    symbol: "",
    side: "BUY",
    quantity: { units: 0, scale: 0 },
    price: { units: 0, scale: 0 },
    fee: { units: 0, scale: 0 },
  };
  let market = markets[0] as Market;
  let left = 0;
  return {
    next() {
      if (left === 0) {
        market = byWeight[random.below(byWeight.length)] as Market;
        left = market.beginOrder();
        // The square makes the first clients busy and the last ones quiet.
        trade.clientId = clientIds[Math.floor(random.next() ** 2 * clients)] as string;
      }
      left--;
      market.fill(trade);
      return trade;
    },
  };
}

export function clientNames(count: number): readonly string[] {
  const width = String(count - 1).length;
  return Array.from({ length: count }, (_, index) => `C${String(index).padStart(Math.max(5, width), "0")}`);
}

class Market {
  readonly instrument: StreamInstrument;
  readonly #random: Random;
  readonly #lotsPerUnit: number;
  readonly #feeDivisor: number;
  #ticks: number;
  #side: "BUY" | "SELL" = "BUY";

  constructor(instrument: StreamInstrument, random: Random) {
    this.instrument = instrument;
    this.#random = random;
    this.#ticks = instrument.startTicks;
    this.#lotsPerUnit = 10 ** instrument.quantityScale * instrument.quantityFactor;
    this.#feeDivisor = PPM * 10 ** (instrument.priceScale + instrument.quantityScale - instrument.feeScale);
  }

  /** How many resting orders the next one takes. */
  beginOrder(): number {
    const { singleShare, sweepMean, flipShare } = this.instrument.profile;
    if (this.#random.next() < flipShare) this.#side = this.#side === "BUY" ? "SELL" : "BUY";
    if (this.#random.next() < singleShare) return 1;
    // Geometric from 2 on with the measured mean.
    const stop = 1 / (sweepMean - 1);
    return 2 + Math.floor(Math.log(1 - this.#random.next()) / Math.log(1 - stop));
  }

  fill(trade: MutableTrade): void {
    const { profile, symbol, priceScale, quantityScale, feeScale } = this.instrument;
    this.#step();
    const lots = Math.max(
      1,
      Math.round(quantile(profile.quantities, this.#random.next()) * this.#lotsPerUnit),
    );
    const feeUnits = Math.ceil((this.#ticks * lots * FEE_PPM) / this.#feeDivisor);
    trade.symbol = symbol;
    trade.side = this.#side;
    trade.quantity.units = lots;
    trade.quantity.scale = quantityScale;
    trade.price.units = this.#ticks;
    trade.price.scale = priceScale;
    trade.fee.units = feeUnits;
    trade.fee.scale = feeScale;
  }

  #step(): void {
    const { profile, startTicks } = this.instrument;
    if (this.#random.next() < profile.samePriceShare) return;
    const ticks = Math.round(quantile(profile.stepTicks, this.#random.next()));
    const next = this.#ticks + (this.#side === "BUY" ? ticks : -ticks);
    // Turned back at the bounds, so that a long stream stays a market.
    const inside = next > startTicks / 2 && next < startTicks * 2;
    this.#ticks = inside ? next : this.#ticks + (this.#side === "BUY" ? -ticks : ticks);
  }
}
