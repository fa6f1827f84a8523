import type { Random } from "@bourse/base";
import { formatDecimal, parseDecimal } from "@bourse/base";
import type { DemoInstrument } from "./market.ts";

/** An item of `POST /api/v1/orders/batch`, as any client would write it. */
export type BatchItem =
  | {
      readonly action: "PLACE";
      readonly clientOrderId: string;
      readonly symbol: string;
      readonly side: "BUY" | "SELL";
      readonly orderType: "LIMIT" | "MARKET";
      readonly timeInForce: "GTC" | "IOC";
      readonly quantity: string;
      readonly price?: string;
    }
  | { readonly action: "CANCEL"; readonly clientOrderId: string };

const LEVELS = 6;
/** Of the fair price: how far a step may go, the distance of the best quote, and of each next one. */
const STEP_PPM = 400;
const HALF_SPREAD_PPM = 150;
const LEVEL_PPM = 120;
const MILLION = 1_000_000;

/** A fair price that wanders, and comes back: it never leaves half to twice of where it began. */
export class FairPrice {
  readonly #random: Random;
  readonly #startTicks: number;
  ticks: number;

  constructor(instrument: DemoInstrument, random: Random) {
    this.#random = random;
    this.#startTicks = ticksOf(instrument, instrument.referencePrice);
    this.ticks = this.#startTicks;
  }

  step(): number {
    const pull = (this.#startTicks - this.ticks) / this.#startTicks / 50;
    const noise = ((this.#random.next() * 2 - 1) * STEP_PPM) / MILLION;
    this.ticks = Math.max(1, Math.round(this.ticks * (1 + noise + pull)));
    return this.ticks;
  }
}

/** Quotes both sides around the fair price; its last quotes are cancelled in the same batch. */
export class MarketMaker {
  readonly #instrument: DemoInstrument;
  readonly #random: Random;
  readonly #run: string;
  #live: string[] = [];
  #count = 0;

  constructor(instrument: DemoInstrument, random: Random, run: string) {
    this.#instrument = instrument;
    this.#random = random;
    this.#run = run;
  }

  quote(fairTicks: number): BatchItem[] {
    const cancels = this.#live.map((clientOrderId): BatchItem => ({ action: "CANCEL", clientOrderId }));
    this.#live = [];
    const quotes: BatchItem[] = [];
    for (let level = 0; level < LEVELS; level++) {
      const awayTicks = Math.max(
        1 + level,
        Math.round((fairTicks * (HALF_SPREAD_PPM + level * LEVEL_PPM)) / MILLION),
      );
      for (const side of ["BUY", "SELL"] as const) {
        const priceTicks = side === "BUY" ? fairTicks - awayTicks : fairTicks + awayTicks;
        if (priceTicks > 0) quotes.push(this.#place(side, priceTicks, level));
      }
    }
    return [...cancels, ...quotes];
  }

  #place(side: "BUY" | "SELL", priceTicks: number, level: number): BatchItem {
    const clientOrderId = `${this.#run}-${this.#instrument.symbol}-m${++this.#count}`;
    this.#live.push(clientOrderId);
    return {
      action: "PLACE",
      clientOrderId,
      symbol: this.#instrument.symbol,
      side,
      orderType: "LIMIT",
      timeInForce: "GTC",
      quantity: quantity(this.#instrument, 20 * (level + 1) + this.#random.below(100)),
      price: price(this.#instrument, priceTicks),
    };
  }
}

/** Now and then takes a little, at the market or at a limit near the fair price. */
export class Taker {
  readonly #instrument: DemoInstrument;
  readonly #random: Random;
  readonly #run: string;
  #count = 0;

  constructor(instrument: DemoInstrument, random: Random, run: string) {
    this.#instrument = instrument;
    this.#random = random;
    this.#run = run;
  }

  take(fairTicks: number): BatchItem[] {
    if (this.#random.next() < 0.4) return [];
    const side = this.#random.below(2) === 0 ? "BUY" : "SELL";
    const order = {
      action: "PLACE",
      clientOrderId: `${this.#run}-${this.#instrument.symbol}-t${++this.#count}`,
      symbol: this.#instrument.symbol,
      side,
      timeInForce: "IOC",
      quantity: quantity(this.#instrument, 1 + this.#random.below(60)),
    } as const;
    if (this.#random.below(2) === 0) return [{ ...order, orderType: "MARKET" }];
    const reachTicks = Math.round((fairTicks * (HALF_SPREAD_PPM + LEVEL_PPM)) / MILLION);
    const limitTicks = side === "BUY" ? fairTicks + reachTicks : Math.max(1, fairTicks - reachTicks);
    return [{ ...order, orderType: "LIMIT", price: price(this.#instrument, limitTicks) }];
  }
}

function ticksOf(instrument: DemoInstrument, text: string): number {
  return Number(steps(text)) / Number(steps(instrument.tickSize));
}

function price(instrument: DemoInstrument, ticks: number): string {
  return formatDecimal(BigInt(ticks) * steps(instrument.tickSize), SCALE);
}

function quantity(instrument: DemoInstrument, lots: number): string {
  return formatDecimal(BigInt(lots) * steps(instrument.lotSize), SCALE);
}

const SCALE = 8;

function steps(text: string): bigint {
  const units = parseDecimal(text, SCALE);
  if (typeof units !== "bigint") throw new Error(`the demo's decimals are well-formed, ${text} is not`);
  return units;
}
