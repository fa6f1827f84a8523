import type { EventOf, OrderCreated } from "@bourse/contracts";
import {
  assertQuantities,
  type ExecType,
  fillFeeUnits,
  type Liquidity,
  type OrderStatus,
  reportedStatus,
} from "@bourse/market";
import type { ListedSymbol } from "./symbol-table.ts";

/** The fields of a live order that the engine doesn't need, and its cumulative fills (R11). */
export interface OrderRecord {
  /** The order's handle inside the engine: the sequence of its OrderCreated. */
  readonly handle: number;
  readonly orderId: string;
  readonly accountId: string;
  /** The account's number inside the engine. */
  readonly account: number;
  readonly symbol: ListedSymbol;
  readonly side: "BUY" | "SELL";
  readonly makerFeePpm: number;
  readonly takerFeePpm: number;
  quantityLots: number;
  /** The worst price it may still trade at. */
  boundTicks: number;
  leavesLots: number;
  filledLots: number;
  cancelledLots: number;
  /** In ticks x lots, by liquidity: fees round apart. */
  makerTickLots: number;
  takerTickLots: number;
  feeUnits: bigint;
  /** Lots that self-trade prevention has moved to or from another account of the group; they count as filled, without a fee. */
  transferredLots: number;
  transferredTickLots: number;
  /** It was dormant or waiting, and is active now. */
  triggered: boolean;
}

/** A new order's record, before the engine has accepted it. The numbers are the engine's for it and for its account. */
export function newOrderRecord(
  created: EventOf<typeof OrderCreated>,
  symbol: ListedSymbol,
  { handle, account }: Pick<OrderRecord, "handle" | "account">,
): OrderRecord {
  const quantityLots = symbol.instrument.decodeQuantity(created.quantity);
  return {
    handle,
    orderId: created.orderId,
    accountId: created.accountId,
    account,
    symbol,
    side: created.side,
    makerFeePpm: created.makerFeePpm,
    takerFeePpm: created.takerFeePpm,
    quantityLots,
    boundTicks: symbol.instrument.decodePrice(created.worstPrice),
    leavesLots: quantityLots,
    filledLots: 0,
    cancelledLots: 0,
    makerTickLots: 0,
    takerTickLots: 0,
    feeUnits: 0n,
    transferredLots: 0,
    transferredTickLots: 0,
    triggered: false,
  };
}

/** What the order has traded for so far, in ticks x lots. */
export function tradedTickLots(order: OrderRecord): number {
  return order.makerTickLots + order.takerTickLots + order.transferredTickLots;
}

/** Books a transfer on one side. */
export function transfer(order: OrderRecord, priceTicks: number, lots: number, leavesLots: number): void {
  order.transferredLots += lots;
  order.transferredTickLots += priceTicks * lots;
  order.filledLots += lots;
  order.leavesLots = leavesLots;
  assertQuantities(order);
}

/** Cancels lots of an order that stays open. */
export function cancelSome(order: OrderRecord, lots: number): void {
  order.cancelledLots += lots;
  order.leavesLots -= lots;
}

/** Books a fill on one side. Returns its fee in quote minor units. */
export function fill(
  order: OrderRecord,
  liquidity: Liquidity,
  priceTicks: number,
  lots: number,
  leavesLots: number,
): bigint {
  const tickLots = priceTicks * lots;
  const maker = liquidity === "MAKER";
  const feeUnits = feeOf(
    order,
    maker ? order.makerFeePpm : order.takerFeePpm,
    maker ? order.makerTickLots : order.takerTickLots,
    tickLots,
  );
  if (maker) order.makerTickLots += tickLots;
  else order.takerTickLots += tickLots;
  order.feeUnits += feeUnits;
  order.filledLots += lots;
  order.leavesLots = leavesLots;
  assertQuantities(order);
  return feeUnits;
}

function feeOf(order: OrderRecord, ratePpm: number, beforeTickLots: number, tickLots: number): bigint {
  if (ratePpm === 0) return 0n;
  const { instrument } = order.symbol;
  const notionalBeforeUnits = instrument.notionalUnits(beforeTickLots);
  return fillFeeUnits({ ratePpm, notionalBeforeUnits, notionalUnits: instrument.notionalUnits(tickLots) });
}

export function isDone(order: OrderRecord): boolean {
  return order.leavesLots === 0;
}

export function statusOf(order: OrderRecord, execType: ExecType): OrderStatus {
  const { quantityLots, filledLots, leavesLots, cancelledLots } = order;
  return reportedStatus({
    execType,
    done: isDone(order),
    quantityLots,
    filledLots,
    leavesLots,
    cancelledLots,
  });
}

/** The live orders of a partition, by handle and by id. */
export class OrderRecords {
  readonly #byHandle = new Map<number, OrderRecord>();
  readonly #handles = new Map<string, number>();

  add(order: OrderRecord): void {
    this.#byHandle.set(order.handle, order);
    this.#handles.set(order.orderId, order.handle);
  }

  remove(order: OrderRecord): void {
    this.#byHandle.delete(order.handle);
    this.#handles.delete(order.orderId);
  }

  byHandle(handle: number): OrderRecord | undefined {
    return this.#byHandle.get(handle);
  }

  /** 0 if no live order has the id: the engine knows no such handle. */
  handleOf(orderId: string): number {
    return this.#handles.get(orderId) ?? 0;
  }

  has(orderId: string): boolean {
    return this.#handles.has(orderId);
  }

  /** By handle: in the order in which they were accepted. */
  all(): readonly OrderRecord[] {
    return [...this.#byHandle.values()].sort((left, right) => left.handle - right.handle);
  }

  get size(): number {
    return this.#byHandle.size;
  }
}
