import { rfc3339 } from "@bourse/contracts";
import type { EngineCommand } from "@bourse/engine/testing";
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

/** null: no log has it, since `order` refuses it or has no word for it. A tick and a lot are 1. */
export function eventOf(command: EngineCommand): Event | null {
  const numbers = Object.values(command).filter((value) => typeof value === "number");
  const least = command.kind === "massCancel" ? -1 : 0;
  if (numbers.some((value) => !Number.isSafeInteger(value) || value < least)) return null;
  switch (command.kind) {
    case "list":
      return listing(command);
    case "setLimits":
      return { eventType: "OrderLimitsSet", symbol: symbolName(command.symbol), ...limitsOf(command) };
    case "place":
      return placed(command);
    case "replace":
      return placed({ ...command, kind: "place" }, orderId(command.handle));
    case "amend":
      return {
        eventType: "OrderModified",
        orderId: orderId(command.handle),
        accountId: accountName(0),
        symbol: symbolName(0),
        ...(command.quantityLots > 0 ? { quantity: String(command.quantityLots) } : {}),
        ...(command.priceTicks > 0 ? { price: String(command.priceTicks) } : {}),
      };
    case "cancel":
      return {
        eventType: "OrderCancelled",
        orderId: orderId(command.handle),
        accountId: accountName(0),
        symbol: symbolName(0),
      };
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
    case "closeSession":
      return {
        eventType: "SessionClosed",
        accountId: accountName(command.session % 2),
        sessionId: `session-${command.session}`,
      };
    case "halt":
      return { eventType: "TradingHalted", symbol: symbolName(command.symbol) };
    case "cancelOnly":
      return { eventType: "TradingHalted", symbol: symbolName(command.symbol), cancelOnly: true };
    case "resume":
      return { eventType: "TradingResumed", symbol: symbolName(command.symbol) };
    case "setBands": {
      const { symbol, lowerTicks, upperTicks, limitStateMs } = command;
      const bands = { lowerPrice: String(lowerTicks), upperPrice: String(upperTicks), limitStateMs };
      const isOff = lowerTicks === 0 && upperTicks === 0;
      return { eventType: "PriceBandsSet", symbol: symbolName(symbol), ...(isOff ? {} : bands) };
    }
    case "advanceTime":
      return { eventType: "TimeAdvanced" };
    default:
      return null;
  }
}

function limitsOf({ maxPriceTicks, maxQuantityLots }: { maxPriceTicks: number; maxQuantityLots: number }) {
  return { maxPrice: String(maxPriceTicks), maxQuantity: String(maxQuantityLots) };
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
    baseScale: 0,
    quoteScale: 6,
    tickSize: "1",
    lotSize: "1",
    ...limitsOf(command),
  };
}

function placed(command: Place, replaces?: string): Event | null {
  const { side, timeInForce, quantityLots, priceTicks, worstPriceTicks, expireAtMs } = command;
  const { peg = 0, trailBps = 0 } = command;
  const bound = priceTicks === 0 ? worstPriceTicks : priceTicks;
  if (side > 1 || quantityLots < 1 || bound < 1 || trailBps >= 10_000) return null;
  return {
    eventType: "OrderCreated",
    orderId: orderId(command.request),
    accountId: accountName(command.account),
    clientOrderId: `c-${command.request}`,
    symbol: symbolName(command.symbol),
    side: SIDES[side],
    orderType: typeOf(command),
    timeInForce: TIMES_IN_FORCE[timeInForce] ?? "GTC",
    quantity: String(quantityLots),
    ...(priceTicks === 0 || peg !== 0 ? {} : { price: String(priceTicks) }),
    worstPrice: String(bound),
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
  const trail = trailTicks > 0 ? String(trailTicks) : `${trailBps / 100}%`;
  return {
    ...(stopTicks > 0 ? { stopPrice: String(stopTicks) } : {}),
    ...(command.ifTouched === true ? { ifTouched: true } : {}),
    ...(trailTicks > 0 || trailBps > 0 ? { trailingOffset: trail } : {}),
    ...(triggerBy > 0 ? { triggerBy: TRIGGERS[triggerBy] } : {}),
    ...(displayLots > 0 ? { displayQuantity: String(displayLots) } : {}),
    ...(command.hidden === true ? { hidden: true } : {}),
    ...(peg > 0 ? { pegTo: PEGS[peg - 1] } : {}),
    ...(minimumLots > 0 ? { minQuantity: String(minimumLots) } : {}),
    ...(command.reduceOnly === true ? { reduceOnly: true } : {}),
    ...(command.slide === true ? { slide: true } : {}),
    ...(selfTrade > 0 ? { selfTradePrevention: SELF_TRADES[selfTrade] } : {}),
    ...(link === 1 ? { groupOrderId: orderId(linkHandle) } : {}),
    ...(link === 2 ? { parentOrderId: orderId(linkHandle) } : {}),
    ...(awaits > 0 ? { awaits } : {}),
    ...(session > 0 ? { sessionId: `session-${session}` } : {}),
  };
}
