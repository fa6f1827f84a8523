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

/** Where records go. */
export interface Feeds {
  tellOrder(record: OrderRecord): void;
  tellTrade(record: TradeRecord): void;
}

const NOTHING_WAITS: readonly EngineFact[] = [];

export function unknownOrder(orderId: string): OrderCopy {
  return {
    orderId,
    clientId: null,
    remark: "",
    qty: "",
    price: "",
    engineSequence: 0,
    ordersTold: 0,
    waiting: NOTHING_WAITS,
  };
}

/**
 * What a fact makes of an order, and what is told of it: the order itself when it comes; a report where it changes what the
 * order stands for, its price, or ends it; each trade. Facts that come before the order wait for it and are then told in
 * the engine's order: so the same records are told whichever topic is ahead (R7). The copy is the very same one where
 * nothing is to be kept of the fact: a trade says all there is to tell, and a report without news is like none.
 */
export function applyFact(copy: OrderCopy, fact: OrderFact, feeds: Feeds): OrderCopy {
  if (fact.kind === "created") return applyCreated(copy, fact, feeds);
  if (copy.clientId === null) return { ...copy, waiting: [...copy.waiting, fact] };
  if (fact.kind === "report") return applyReport(copy, fact, feeds);
  tellTrade(copy, copy.clientId, fact, feeds);
  return copy;
}

function applyCreated(
  before: OrderCopy,
  { clientId, remark, qty, price }: CreatedFact,
  feeds: Feeds,
): OrderCopy {
  if (before.clientId !== null) return before;
  const { orderId, engineSequence, waiting } = before;
  let copy: OrderCopy = {
    orderId,
    clientId,
    remark,
    qty: plain(qty),
    price: plain(price),
    engineSequence,
    ordersTold: 1,
    waiting: NOTHING_WAITS,
  };
  feeds.tellOrder(recordOf(copy, clientId, remark));
  if (waiting.length === 0) return copy;
  for (const fact of [...waiting].sort((a, b) => a.engineSequence - b.engineSequence))
    copy = applyFact(copy, fact, feeds);
  return copy;
}

function applyReport(
  before: OrderCopy,
  { engineSequence, cumulative, leaves, price, ended }: ReportFact,
  feeds: Feeds,
): OrderCopy {
  if (engineSequence <= before.engineSequence) return before;
  const qty = sum(cumulative, leaves);
  const plainPrice = plain(price);
  const isNews = ended !== null || qty !== before.qty || plainPrice !== before.price;
  if (!isNews) return before;
  const copy = { ...before, engineSequence, qty, price: plainPrice, ordersTold: before.ordersTold + 1 };
  feeds.tellOrder(recordOf(copy, copy.clientId ?? "", ended ?? copy.remark));
  return copy;
}

function tellTrade(
  { orderId, remark }: OrderCopy,
  clientId: string,
  { tradeId, qty, price, cumulative }: TradeFact,
  feeds: Feeds,
): void {
  feeds.tellTrade({
    client_id: clientId,
    order_id: orderId,
    qty: plain(qty),
    price: plain(price),
    remark,
    trade_id: tradeId,
    partial_filled_qty: plain(cumulative),
  });
}

function recordOf({ orderId, qty, price }: OrderCopy, clientId: string, remark: string): OrderRecord {
  return { client_id: clientId, order_id: orderId, qty, price, remark };
}

/** More decimals than a price or a quantity has: those of a tick, or of a lot. */
const SCALE = 38;

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
  if (decimal.startsWith("-")) return false;
  return decimal.charCodeAt(decimal.length - 1) !== ZERO || !decimal.includes(".");
}
