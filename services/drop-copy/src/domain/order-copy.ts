import { decimalUnits, formatDecimal } from "@bourse/base";

/** An order as the feeds have told it so far. */
export interface OrderCopy {
  readonly orderId: string;
  /** null: the order itself has not come yet, so nothing is told. */
  readonly clientId: string | null;
  readonly remark: string;
  /** What it stands for, and its worst price, as they were last told. */
  readonly qty: string;
  readonly price: string;
  /** Of the last report that was told. */
  readonly engineSequence: number;
  readonly ordersTold: number;
  readonly waiting: readonly EngineFact[];
}

export type OrderFact = CreatedFact | EngineFact;
/** What the engine says of an order. */
export type EngineFact = ReportFact | TradeFact;

export interface CreatedFact {
  readonly kind: "created";
  readonly orderId: string;
  readonly clientId: string;
  readonly remark: string;
  readonly qty: string;
  readonly price: string;
}

export interface ReportFact {
  readonly kind: "report";
  readonly orderId: string;
  readonly engineSequence: number;
  readonly cumulative: string;
  readonly leaves: string;
  readonly price: string;
  /** Of an order that ended before it was filled: how, and why. */
  readonly ended: string | null;
}

export interface TradeFact {
  readonly kind: "trade";
  readonly orderId: string;
  readonly engineSequence: number;
  readonly tradeId: string;
  readonly qty: string;
  readonly price: string;
  readonly cumulative: string;
}

export interface OrderRecord {
  readonly client_id: string;
  readonly order_id: string;
  readonly qty: string;
  readonly price: string;
  readonly remark: string;
}

export interface TradeRecord extends OrderRecord {
  readonly trade_id: string;
  readonly partial_filled_qty: string;
}

/** A record for one of the two feeds. */
export type Told =
  | { readonly feed: "orders"; readonly record: OrderRecord }
  | { readonly feed: "trades"; readonly record: TradeRecord };

export function unknownOrder(orderId: string): OrderCopy {
  return {
    orderId,
    clientId: null,
    remark: "",
    qty: "",
    price: "",
    engineSequence: 0,
    ordersTold: 0,
    waiting: [],
  };
}

/**
 * What a fact makes of an order, and what is told of it: the order itself when it comes; a report where it changes what the
 * order stands for, its price, or ends it; each trade. Facts that come before the order wait for it and are then told in
 * the engine's order: so the same records are told whichever topic is ahead (R7). The copy is the very same one where
 * nothing is to be kept of the fact: a trade says all there is to tell, and a report without news is like none.
 */
export function applyFact(
  copy: OrderCopy,
  fact: OrderFact,
): { readonly copy: OrderCopy; readonly told: readonly Told[] } {
  if (fact.kind === "created") return applyCreated(copy, fact);
  if (copy.clientId === null) return { copy: { ...copy, waiting: [...copy.waiting, fact] }, told: [] };
  return fact.kind === "report" ? applyReport(copy, fact) : applyTrade(copy, fact);
}

function applyCreated(
  before: OrderCopy,
  { clientId, remark, qty, price }: CreatedFact,
): { readonly copy: OrderCopy; readonly told: readonly Told[] } {
  if (before.clientId !== null) return { copy: before, told: [] };
  const waiting = [...before.waiting].sort((a, b) => a.engineSequence - b.engineSequence);
  let copy: OrderCopy = {
    ...before,
    clientId,
    remark,
    qty: plain(qty),
    price: plain(price),
    ordersTold: 1,
    waiting: [],
  };
  const told: Told[] = [{ feed: "orders", record: recordOf(copy, remark) }];
  for (const fact of waiting) {
    const next = applyFact(copy, fact);
    copy = next.copy;
    told.push(...next.told);
  }
  return { copy, told };
}

function applyReport(
  before: OrderCopy,
  { engineSequence, cumulative, leaves, price, ended }: ReportFact,
): { readonly copy: OrderCopy; readonly told: readonly Told[] } {
  if (engineSequence <= before.engineSequence) return { copy: before, told: [] };
  const [qty, plainPrice] = [sum(cumulative, leaves), plain(price)];
  const isNews = ended !== null || qty !== before.qty || plainPrice !== before.price;
  if (!isNews) return { copy: before, told: [] };
  const copy = { ...before, engineSequence, qty, price: plainPrice, ordersTold: before.ordersTold + 1 };
  return { copy, told: [{ feed: "orders", record: recordOf(copy, ended ?? copy.remark) }] };
}

function applyTrade(
  before: OrderCopy,
  { tradeId, qty, price, cumulative }: TradeFact,
): { readonly copy: OrderCopy; readonly told: readonly Told[] } {
  const record: TradeRecord = {
    client_id: before.clientId ?? "",
    order_id: before.orderId,
    qty: plain(qty),
    price: plain(price),
    remark: before.remark,
    trade_id: tradeId,
    partial_filled_qty: plain(cumulative),
  };
  return { copy: before, told: [{ feed: "trades", record }] };
}

function recordOf({ clientId, orderId, qty, price }: OrderCopy, remark: string): OrderRecord {
  return { client_id: clientId ?? "", order_id: orderId, qty, price, remark };
}

/** More decimals than any asset has. */
const SCALE = 18;

/** Without trailing zeros. Our own services write decimals so: then there is nothing to do. */
function plain(decimal: string): string {
  return isPlain(decimal) ? decimal : formatDecimal(decimalUnits(decimal, SCALE), SCALE);
}

function sum(a: string, b: string): string {
  if (a === "0") return plain(b);
  if (b === "0") return plain(a);
  return formatDecimal(decimalUnits(a, SCALE) + decimalUnits(b, SCALE), SCALE);
}

const ZERO = 48;

/** Of a decimal as the contracts allow it: no leading zeros, no exponent. */
function isPlain(decimal: string): boolean {
  if (decimal.length > SCALE || decimal.startsWith("-")) return false;
  return decimal.charCodeAt(decimal.length - 1) !== ZERO || !decimal.includes(".");
}
