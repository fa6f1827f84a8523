import { rfc3339 } from "@bourse/contracts";
import { type EngineCommand, randomCommands } from "@bourse/engine/testing";
import { orderId } from "./testing.ts";

/** Commands of the engine in the words of its log, for tests that draw the former at random. */

const SIDES = ["BUY", "SELL"] as const;
const TIMES_IN_FORCE = ["GTC", "DAY", "GTD", "IOC", "FOK"] as const;
const TRIGGERS = ["LAST", "BEST"] as const;
const PEGS = ["BEST", "MID"] as const;
const SELF_TRADES = ["NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT", "TRANSFER"] as const;

type Place = Extract<EngineCommand, { kind: "place" }>;
type Event = Record<string, unknown> & { eventType: string };

const symbolName = (index: number): string => `S${index}-USD`;
const accountName = (index: number): string => `account-${index}`;
const sessionName = (index: number): string => `session-${index}`;

/** Digits behind the point of a symbol's ticks and lots: not the same, so that no symbol is read by another's. */
const digitsOf = (symbol: number): number => [0, 2, 1][symbol % 3] ?? 0;

/** So many ticks or lots of a symbol in words. */
function amountOf(symbol: number, steps: number): string {
  const digits = digitsOf(symbol);
  if (digits === 0) return String(steps);
  const text = String(steps).padStart(digits + 1, "0");
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`.replace(/\.?0+$/, "");
}

export interface LogEntry {
  readonly sequence: number;
  readonly timeMs: number;
  readonly event: Event;
}

/** A log that `order` could have written. The handles of the engine's commands are their requests. */
export function* randomLog(seed: number, count: number): Generator<LogEntry> {
  const words = new LogWords();
  let [last, timeMs] = [0, 0];
  for (const command of randomCommands(seed, count)) {
    const event = words.eventOf(command);
    // `order` gives no number and no order id twice.
    if (event === null || command.request <= last) continue;
    last = command.request;
    timeMs = Math.max(timeMs, command.atMs);
    yield { sequence: last, timeMs, event };
  }
}

/** Says commands of the engine in the words of its log. */
class LogWords {
  /** By handle: `order` names an order's account and symbol with it. */
  readonly #placed = new Map<number, Pick<Place, "account" | "symbol">>();
  /** By session, the account that used it last: a session is an account's. */
  readonly #sessions = new Map<number, number>();

  /** null: no log has it, since `order` refuses it or has no word for it. */
  eventOf(command: EngineCommand): Event | null {
    const numbers = Object.values(command).filter((value) => typeof value === "number");
    const least = command.kind === "massCancel" ? -1 : 0;
    if (numbers.some((value) => !Number.isSafeInteger(value) || value < least)) return null;
    switch (command.kind) {
      case "place":
        return this.#placing(command);
      case "replace":
        return this.#placing({ ...command, kind: "place" }, orderId(command.handle));
      case "amend":
        return { eventType: "OrderModified", ...this.#named(command.handle), ...this.#amendment(command) };
      case "cancel":
        return { eventType: "OrderCancelled", ...this.#named(command.handle) };
      case "closeSession":
        return {
          eventType: "SessionClosed",
          accountId: accountName(this.#sessions.get(command.session) ?? 0),
          sessionId: sessionName(command.session),
        };
      default:
        return otherEventOf(command);
    }
  }

  #placing(command: Place, replaces?: string): Event | null {
    const { request, account, symbol, session = 0 } = command;
    const event = placed(command, replaces);
    if (event === null) return null;
    this.#placed.set(request, { account, symbol });
    if (session > 0) this.#sessions.set(session, account);
    return event;
  }

  /** An order that nobody has placed is named as anybody's. */
  #named(handle: number): { orderId: string; accountId: string; symbol: string } {
    const { account, symbol } = this.#placed.get(handle) ?? { account: 0, symbol: 0 };
    return { orderId: orderId(handle), accountId: accountName(account), symbol: symbolName(symbol) };
  }

  #amendment({ handle, quantityLots, priceTicks }: Extract<EngineCommand, { kind: "amend" }>): object {
    const symbol = this.#placed.get(handle)?.symbol ?? 0;
    return {
      ...(quantityLots > 0 ? { quantity: amountOf(symbol, quantityLots) } : {}),
      ...(priceTicks > 0 ? { price: amountOf(symbol, priceTicks) } : {}),
    };
  }
}

function otherEventOf(command: EngineCommand): Event | null {
  switch (command.kind) {
    case "list":
      return listing(command);
    case "setLimits":
      return { eventType: "OrderLimitsSet", symbol: symbolName(command.symbol), ...limitsOf(command) };
    case "massCancel": {
      const { account, symbol, side } = command;
      return {
        eventType: "MassCancelled",
        ...(account < 0 ? {} : { accountId: accountName(account) }),
        ...(symbol < 0 ? {} : { symbol: symbolName(symbol) }),
        ...(side < 0 || side > 1 ? {} : { side: SIDES[side] }),
      };
    }
    case "block":
      return { eventType: "AccountBlocked", accountId: accountName(command.account) };
    case "unblock":
      return { eventType: "AccountUnblocked", accountId: accountName(command.account) };
    case "setAccountGroup": {
      const { account, group } = command;
      const named = group === 0 ? {} : { selfTradeGroup: `group-${group}` };
      return { eventType: "AccountGrouped", accountId: accountName(account), ...named };
    }
    case "setPosition":
      return {
        eventType: "PositionFollowed",
        accountId: accountName(command.account),
        symbol: symbolName(command.symbol),
      };
    case "halt":
      return { eventType: "TradingHalted", symbol: symbolName(command.symbol) };
    case "cancelOnly":
      return { eventType: "TradingHalted", symbol: symbolName(command.symbol), cancelOnly: true };
    case "resume":
      return { eventType: "TradingResumed", symbol: symbolName(command.symbol) };
    case "setBands": {
      const { symbol, lowerTicks, upperTicks, limitStateMs } = command;
      const [lowerPrice, upperPrice] = [amountOf(symbol, lowerTicks), amountOf(symbol, upperTicks)];
      const bands = { lowerPrice, upperPrice, limitStateMs };
      const isOff = lowerTicks === 0 && upperTicks === 0;
      return { eventType: "PriceBandsSet", symbol: symbolName(symbol), ...(isOff ? {} : bands) };
    }
    case "advanceTime":
      return { eventType: "TimeAdvanced" };
    default:
      return null;
  }
}

function limitsOf(command: Extract<EngineCommand, { kind: "list" | "setLimits" }>): object {
  const { symbol, maxPriceTicks, maxQuantityLots } = command;
  return { maxPrice: amountOf(symbol, maxPriceTicks), maxQuantity: amountOf(symbol, maxQuantityLots) };
}

function listing(command: Extract<EngineCommand, { kind: "list" }>): Event | null {
  const { symbol, maxPriceTicks, maxQuantityLots } = command;
  const notional = BigInt(maxPriceTicks) * BigInt(maxQuantityLots);
  if (notional < 1n || notional > BigInt(Number.MAX_SAFE_INTEGER)) return null;
  return {
    eventType: "SymbolListed",
    symbol: symbolName(symbol),
    baseAsset: `S${symbol}`,
    quoteAsset: "USD",
    baseScale: 2,
    quoteScale: 6,
    tickSize: amountOf(symbol, 1),
    lotSize: amountOf(symbol, 1),
    ...limitsOf(command),
  };
}

/** The types whose orders name a price; the others have their worst price alone. */
const PRICED = ["LIMIT", "STOP_LIMIT", "ICEBERG"];

function placed(command: Place, replaces?: string): Event | null {
  const { symbol, side, timeInForce, quantityLots, priceTicks, worstPriceTicks, expireAtMs } = command;
  const bound = priceTicks === 0 ? worstPriceTicks : priceTicks;
  if (side > 1 || quantityLots < 1 || bound < 1 || (command.trailBps ?? 0) >= 10_000) return null;
  const orderType = typeOf(command);
  const worstPrice = amountOf(symbol, bound);
  return {
    eventType: "OrderCreated",
    orderId: orderId(command.request),
    accountId: accountName(command.account),
    clientOrderId: `c-${command.request}`,
    symbol: symbolName(symbol),
    side: SIDES[side],
    orderType,
    timeInForce: TIMES_IN_FORCE[timeInForce] ?? "GTC",
    quantity: amountOf(symbol, quantityLots),
    ...(PRICED.includes(orderType) ? { price: worstPrice } : {}),
    worstPrice,
    ...(expireAtMs === 0 ? {} : { expireAt: rfc3339(expireAtMs) }),
    postOnly: command.postOnly,
    makerFeePpm: -100,
    takerFeePpm: 300,
    status: "PENDING",
    ...special(command),
    ...(replaces === undefined ? {} : { replaces }),
  };
}

function typeOf({
  type,
  peg = 0,
  stopTicks = 0,
  trailTicks = 0,
  trailBps = 0,
  displayLots = 0,
}: Place): string {
  if (peg !== 0) return "PEGGED";
  if (trailTicks !== 0 || trailBps !== 0) return "TRAILING_STOP";
  if (stopTicks !== 0) return type === 1 ? "STOP_LOSS" : "STOP_LIMIT";
  if (displayLots !== 0) return "ICEBERG";
  return type === 1 ? "MARKET" : "LIMIT";
}

function special(command: Place): object {
  const { stopTicks = 0, trailTicks = 0, trailBps = 0, displayLots = 0, minimumLots = 0 } = command;
  const {
    triggerBy = 0,
    peg = 0,
    selfTrade = 0,
    link = 0,
    linkHandle = 0,
    awaits = 0,
    session = 0,
  } = command;
  const { symbol } = command;
  const trail = trailTicks > 0 ? amountOf(symbol, trailTicks) : `${trailBps / 100}%`;
  return {
    ...(stopTicks > 0 ? { stopPrice: amountOf(symbol, stopTicks) } : {}),
    ...(command.ifTouched === true ? { ifTouched: true } : {}),
    ...(trailTicks > 0 || trailBps > 0 ? { trailingOffset: trail } : {}),
    ...(triggerBy > 0 ? { triggerBy: TRIGGERS[triggerBy] } : {}),
    ...(displayLots > 0 ? { displayQuantity: amountOf(symbol, displayLots) } : {}),
    ...(command.hidden === true ? { hidden: true } : {}),
    ...(peg > 0 ? { pegTo: PEGS[peg - 1] } : {}),
    ...(minimumLots > 0 ? { minQuantity: amountOf(symbol, minimumLots) } : {}),
    ...(command.reduceOnly === true ? { reduceOnly: true } : {}),
    ...(command.slide === true ? { slide: true } : {}),
    ...(selfTrade > 0 ? { selfTradePrevention: SELF_TRADES[selfTrade] } : {}),
    ...(link === 1 ? { groupOrderId: orderId(linkHandle) } : {}),
    ...(link === 2 ? { parentOrderId: orderId(linkHandle) } : {}),
    ...(awaits > 0 ? { awaits } : {}),
    ...(session > 0 ? { sessionId: sessionName(session) } : {}),
  };
}
