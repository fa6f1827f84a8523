import type { TradeColumns } from "./trade-columns.ts";
import type { InstrumentTable } from "./trade-instruments.ts";

/**
 * What a scan says of a report. `otherForm`: it is not written as generators write it, and may be valid all the same: look
 * at it as JSON. The others are business rules.
 */
export const SCAN = {
  ok: 0,
  otherForm: 1,
  unknownSymbol: 2,
  quantityNotPositive: 3,
  priceNotPositive: 4,
  quantityDecimals: 5,
  priceDecimals: 6,
  feeDecimals: 7,
  outOfRange: 8,
  notionalOutOfRange: 9,
  noSuchTime: 10,
} as const;

const text = (value: string): Uint8Array => Uint8Array.from(value, (letter) => letter.charCodeAt(0));

const HEAD = text('{"eventType":"TradeReported","timestamp":"');
const TRADE = text('","tradeId":"');
const ORDER = text('","orderId":"');
const CLIENT = text('","clientId":"');
const SYMBOL = text('","symbol":"');
const SIDE = text('","side":"');
const BUY = text('BUY","quantity":"');
const SELL = text('SELL","quantity":"');
const PRICE = text('","price":"');
const FEE = text('","fee":"');
const END = text('"}');

const QUOTE = 34;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const MAX_ID = 64;
const MAX_DECIMAL_LENGTH = 40;

const POWERS = Float64Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);

/** Letters that an id may have, and whether it may begin with them: 2 both, 1 not first, 0 neither. */
const ID_LETTERS = lettersOf("._:/-");
const CLIENT_LETTERS = lettersOf("_-");

function lettersOf(others: string): Uint8Array {
  const letters = new Uint8Array(256);
  for (const letter of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
    letters[letter.charCodeAt(0)] = 2;
  for (const letter of others) letters[letter.charCodeAt(0)] = 1;
  return letters;
}

/**
 * Reads a `TradeReported` from its bytes into a row of columns, without a text or an object, a tenth of what JSON.parse
 * and a schema cost. It knows one way of writing only, the one that `encodeTradeReported` has, and trusts nothing.
 */
export class ReportScanner {
  readonly #instruments: InstrumentTable;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;
  /** Of the last decimal. */
  #decimals = 0;
  /** The day that the last time was in, as it was written. */
  readonly #dayText = new Uint8Array(10);
  #dayMs = Number.NaN;

  constructor(instruments: InstrumentTable) {
    this.#instruments = instruments;
  }

  /** One of {@link SCAN}. Only after `ok` the row holds anything to rely on. */
  scan(bytes: Uint8Array, start: number, end: number, into: TradeColumns, row: number): number {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    if (!this.#skip(HEAD)) return SCAN.otherForm;
    const timeMs = this.#time();
    if (Number.isNaN(timeMs)) return SCAN.noSuchTime;
    if (timeMs < 0 || !this.#skip(TRADE)) return SCAN.otherForm;
    into.tradeStart[row] = this.#at;
    if (!this.#id(ID_LETTERS)) return SCAN.otherForm;
    into.tradeEnd[row] = this.#at;
    into.orderStart[row] = -1;
    if (this.#bytes[this.#at + 3] === 111 && this.#skip(ORDER)) {
      into.orderStart[row] = this.#at;
      if (!this.#id(ID_LETTERS)) return SCAN.otherForm;
      into.orderEnd[row] = this.#at;
    }
    if (!this.#skip(CLIENT)) return SCAN.otherForm;
    into.clientStart[row] = this.#at;
    if (!this.#id(CLIENT_LETTERS)) return SCAN.otherForm;
    into.clientEnd[row] = this.#at;
    if (!this.#skip(SYMBOL)) return SCAN.otherForm;
    const symbolStart = this.#at;
    while (this.#at < end && bytes[this.#at] !== QUOTE) this.#at++;
    const symbol = this.#instruments.find(bytes, symbolStart, this.#at);
    // What is no symbol by its form is the schema's to refuse.
    if (symbol < 0) return isSymbol(bytes, symbolStart, this.#at) ? SCAN.unknownSymbol : SCAN.otherForm;
    if (!this.#skip(SIDE)) return SCAN.otherForm;
    const isBuy = bytes[this.#at] === 66;
    if (!this.#skip(isBuy ? BUY : SELL)) return SCAN.otherForm;
    into.timesMs[row] = timeMs;
    into.symbols[row] = symbol;
    into.sides[row] = isBuy ? 1 : -1;
    return this.#amounts(into, row, symbol);
  }

  #amounts(into: TradeColumns, row: number, symbol: number): number {
    const { quantityScale, priceScale, amountScale, unitsPerTickLot } = this.#instruments.at(symbol);
    const quantity = this.#decimal();
    const quantityLots = this.#scaled(quantity, quantityScale);
    if (Number.isNaN(quantity) || !this.#skip(PRICE)) return SCAN.otherForm;
    const price = this.#decimal();
    const priceTicks = this.#scaled(price, priceScale);
    if (Number.isNaN(price) || !this.#skip(FEE)) return SCAN.otherForm;
    const fee = this.#decimal();
    const feeUnits = this.#scaled(fee, amountScale);
    if (Number.isNaN(fee) || !this.#skip(END) || this.#at !== this.#end) return SCAN.otherForm;
    if (quantity <= 0) return SCAN.quantityNotPositive;
    if (price <= 0) return SCAN.priceNotPositive;
    if (Number.isNaN(quantityLots)) return SCAN.quantityDecimals;
    if (Number.isNaN(priceTicks)) return SCAN.priceDecimals;
    if (Number.isNaN(feeUnits)) return SCAN.feeDecimals;
    if (!isSafe(quantityLots) || !isSafe(priceTicks) || !isSafe(feeUnits)) return SCAN.outOfRange;
    const notionalUnits = quantityLots * priceTicks * unitsPerTickLot;
    if (!isSafe(notionalUnits)) return SCAN.notionalOutOfRange;
    into.quantityLots[row] = quantityLots;
    into.priceTicks[row] = priceTicks;
    into.feeUnits[row] = feeUnits;
    into.notionalUnits[row] = notionalUnits;
    return SCAN.ok;
  }

  #skip(expected: Uint8Array): boolean {
    const bytes = this.#bytes;
    const from = this.#at;
    const { length } = expected;
    for (let step = 0; step < length; step++) if (bytes[from + step] !== expected[step]) return false;
    this.#at = from + length;
    return this.#at <= this.#end;
  }

  #id(letters: Uint8Array): boolean {
    const bytes = this.#bytes;
    const start = this.#at;
    if (letters[bytes[start] ?? 0] !== 2) return false;
    let at = start + 1;
    while (at < this.#end && letters[bytes[at] ?? 0] !== 0) at++;
    this.#at = at;
    return at - start <= MAX_ID && bytes[at] === QUOTE;
  }

  /**
   * The mantissa of a decimal string, with its decimals in `#decimals`; NaN where it is none. A mantissa above 2^53 is
   * not exact, and refused by what comes next.
   */
  #decimal(): number {
    const bytes = this.#bytes;
    const start = this.#at;
    let at = start;
    const isNegative = bytes[at] === MINUS;
    if (isNegative) at++;
    const first = at;
    let value = 0;
    for (let digit = (bytes[at] ?? 0) - ZERO; digit >= 0 && digit <= 9; digit = (bytes[++at] ?? 0) - ZERO)
      value = value * 10 + digit;
    if (at === first || (bytes[first] === ZERO && at > first + 1)) return Number.NaN;
    this.#decimals = 0;
    if (bytes[at] === POINT) {
      const point = at++;
      let significant = point;
      for (let digit = (bytes[at] ?? 0) - ZERO; digit >= 0 && digit <= 9; digit = (bytes[++at] ?? 0) - ZERO)
        if (digit !== 0) significant = at;
      if (at === point + 1) return Number.NaN;
      // Zeros at the end say nothing.
      for (let place = point + 1; place <= significant; place++)
        value = value * 10 + ((bytes[place] ?? 0) - ZERO);
      this.#decimals = significant === point ? 0 : significant - point;
    }
    this.#at = at;
    if (at - start > MAX_DECIMAL_LENGTH || at > this.#end) return Number.NaN;
    return isNegative ? -value : value;
  }

  /** NaN: it has more decimals. */
  #scaled(mantissa: number, scale: number): number {
    if (this.#decimals > scale) return Number.NaN;
    return mantissa * (POWERS[scale - this.#decimals] ?? Number.NaN);
  }

  /** RFC 3339 in UTC with milliseconds. -1: another form; NaN: there is no such time. */
  #time(): number {
    const bytes = this.#bytes;
    const at = this.#at;
    if (bytes[at + 10] !== 84 || bytes[at + 13] !== 58 || bytes[at + 16] !== 58) return -1;
    if (bytes[at + 19] !== POINT || bytes[at + 23] !== 90) return -1;
    const hour = this.#digits(at + 11, 2);
    const minute = this.#digits(at + 14, 2);
    const second = this.#digits(at + 17, 2);
    const millisecond = this.#digits(at + 20, 3);
    if (hour < 0 || minute < 0 || second < 0 || millisecond < 0) return -1;
    for (let step = 0; step < 10; step++) {
      if (bytes[at + step] === this.#dayText[step]) continue;
      const day = this.#day(at);
      if (day === -1 || Number.isNaN(day)) return day;
      this.#dayMs = day;
      this.#dayText.set(bytes.subarray(at, at + 10));
      break;
    }
    if (hour > 23 || minute > 59 || second > 59) return Number.NaN;
    this.#at = at + 24;
    return this.#dayMs + ((hour * 60 + minute) * 60 + second) * 1_000 + millisecond;
  }

  #day(at: number): number {
    const year = this.#digits(at, 4);
    const month = this.#digits(at + 5, 2);
    const day = this.#digits(at + 8, 2);
    if (year < 0 || month < 0 || day < 0) return -1;
    if (this.#bytes[at + 4] !== MINUS || this.#bytes[at + 7] !== MINUS) return -1;
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return Number.NaN;
    return daysSinceEpoch(year, month, day) * 86_400_000;
  }

  #digits(at: number, count: number): number {
    let value = 0;
    for (let step = 0; step < count; step++) {
      const digit = (this.#bytes[at + step] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) return -1;
      value = value * 10 + digit;
    }
    return value;
  }
}

/** Below it every whole number is exact, so that a product or a mantissa that was rounded is above it. */
function isSafe(value: number): boolean {
  return value <= Number.MAX_SAFE_INTEGER && value >= -Number.MAX_SAFE_INTEGER;
}

function isSymbol(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 1 || end - start > 32) return false;
  for (let at = start; at < end; at++) {
    const letter = bytes[at] ?? 0;
    const isPlain = (letter >= 65 && letter <= 90) || (letter >= ZERO && letter <= 57);
    if (!isPlain && (at === start || (letter !== MINUS && letter !== POINT))) return false;
  }
  return true;
}

const MONTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function daysOf(year: number, month: number): number {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeap ? 29 : (MONTHS[month - 1] ?? 0);
}

/** Of the proleptic Gregorian calendar (Howard Hinnant, "days_from_civil"). */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const ofEra = shifted - era * 400;
  const ofYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  return era * 146_097 + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - 719_468;
}
