import { rfc3339 } from "@bourse/contracts";
import type { Amount, StreamTrade } from "./trade-source.ts";

const ZERO = 48;
const POINT = 46;
/** Printable ASCII without quotes and backslashes: what JSON writes as it is. */
const PLAIN = /^[ !#-[\]-~]*$/;

const PRICE = ascii('","price":"');
const FEE = ascii('","fee":"');
const END = ascii('"}');

/**
 * Writes trades as the bytes that `encodeTradeReported` makes of them, without a text for any: what does not change from
 * trade to trade is kept as bytes. First `take`, then `byteLength` and `write`, as often as wanted.
 */
export class ReportEncoder {
  readonly #tradeIdHead: string;
  /** All before the trade's number, of the time it was made for. */
  #head: Uint8Array = new Uint8Array(0);
  #headMs = Number.NaN;
  readonly #clients = new Map<string, Uint8Array | null>();
  readonly #buys = new Map<string, Uint8Array | null>();
  readonly #sells = new Map<string, Uint8Array | null>();
  #number = 0;
  #client: Uint8Array = END;
  #market: Uint8Array = END;
  #quantity: Amount = "";
  #price: Amount = "";
  #fee: Amount = "";
  byteLength = 0;

  /** `run` begins every trade id, and has letters that need no escape. */
  constructor(run: string) {
    this.#tradeIdHead = `","tradeId":"${run}-`;
  }

  /** False: it has letters that JSON escapes; others have to encode it. */
  take(trade: StreamTrade, number: number, timeMs: number): boolean {
    const client = this.#kept(this.#clients, trade.clientId, `","clientId":"`, `","symbol":"`);
    const market =
      trade.side === "BUY"
        ? this.#kept(this.#buys, trade.symbol, "", `","side":"BUY","quantity":"`)
        : this.#kept(this.#sells, trade.symbol, "", `","side":"SELL","quantity":"`);
    if (client === null || market === null) return false;
    const { quantity, price, fee } = trade;
    if (!isPlain(quantity) || !isPlain(price) || !isPlain(fee)) return false;
    if (timeMs !== this.#headMs) {
      this.#head = ascii(`{"eventType":"TradeReported","timestamp":"${rfc3339(timeMs)}${this.#tradeIdHead}`);
      this.#headMs = timeMs;
    }
    this.#number = number;
    this.#client = client;
    this.#market = market;
    this.#quantity = quantity;
    this.#price = price;
    this.#fee = fee;
    const texts = this.#head.length + client.length + market.length + PRICE.length + FEE.length + END.length;
    this.byteLength = texts + digitsOf(number) + lengthOf(quantity) + lengthOf(price) + lengthOf(fee);
    return true;
  }

  write(bytes: Uint8Array, start: number): void {
    bytes.set(this.#head, start);
    let at = writeDigits(bytes, start + this.#head.length, this.#number, digitsOf(this.#number));
    at = writeBytes(bytes, at, this.#client);
    at = writeBytes(bytes, at, this.#market);
    at = writeAmount(bytes, at, this.#quantity);
    at = writeBytes(bytes, at, PRICE);
    at = writeAmount(bytes, at, this.#price);
    at = writeBytes(bytes, at, FEE);
    at = writeAmount(bytes, at, this.#fee);
    writeBytes(bytes, at, END);
  }

  /** The text between two others as bytes; null: it needs escapes. */
  #kept(
    known: Map<string, Uint8Array | null>,
    text: string,
    before: string,
    after: string,
  ): Uint8Array | null {
    let bytes = known.get(text);
    if (bytes === undefined) {
      bytes = PLAIN.test(text) ? ascii(before + text + after) : null;
      known.set(text, bytes);
    }
    return bytes;
  }
}

function isPlain(amount: Amount): boolean {
  return typeof amount !== "string" || PLAIN.test(amount);
}

function lengthOf(amount: Amount): number {
  if (typeof amount === "string") return amount.length;
  const { units, scale } = amount;
  const digits = digitsOf(units);
  if (scale === 0) return digits;
  return Math.max(digits, scale + 1) + 1;
}

function writeAmount(bytes: Uint8Array, start: number, amount: Amount): number {
  if (typeof amount === "string") {
    for (let index = 0; index < amount.length; index++) bytes[start + index] = amount.charCodeAt(index);
    return start + amount.length;
  }
  const { units, scale } = amount;
  const end = start + lengthOf(amount);
  if (scale === 0) return writeDigits(bytes, start, units, end - start);
  let rest = units;
  let at = end - 1;
  for (let decimal = 0; decimal < scale; decimal++) {
    const tenth = Math.floor(rest / 10);
    bytes[at--] = ZERO + (rest - 10 * tenth);
    rest = tenth;
  }
  bytes[at] = POINT;
  writeDigits(bytes, start, rest, at - start);
  return end;
}

function writeDigits(bytes: Uint8Array, start: number, number: number, digits: number): number {
  let rest = number;
  for (let at = start + digits - 1; at >= start; at--) {
    const tenth = Math.floor(rest / 10);
    bytes[at] = ZERO + (rest - 10 * tenth);
    rest = tenth;
  }
  return start + digits;
}

/** For short ones: a call of `set` costs more than they do. */
function writeBytes(bytes: Uint8Array, start: number, source: Uint8Array): number {
  const { length } = source;
  for (let index = 0; index < length; index++) bytes[start + index] = source[index] ?? 0;
  return start + length;
}

function digitsOf(number: number): number {
  let digits = 1;
  for (let bound = 10; number >= bound; bound *= 10) digits++;
  return digits;
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
