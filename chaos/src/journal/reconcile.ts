import { decimalUnits, formatDecimal } from "@bourse/base";
import { type Attempts, isOpenQuestion } from "./attempts.ts";
import type { OrderFacts } from "./entries.ts";
import { orderIdOf } from "./order-id.ts";

/** A trade, once, as the engine has published it. Decimals as text. */
export interface TradeFacts {
  readonly tradeId: string;
  readonly symbol: string;
  readonly quantity: string;
  readonly notional: string;
  readonly buyer: TradeSide;
  readonly seller: TradeSide;
}

export interface TradeSide {
  readonly orderId: string;
  readonly accountId: string;
  readonly fee: string;
}

/** The platform at rest, after every question of the journal was put to it and every open order cancelled. */
export interface World {
  readonly orders: readonly OrderFacts[];
  readonly trades: readonly TradeFacts[];
}

export interface Reconciliation {
  readonly requests: Readonly<Record<"acknowledged" | "refused" | "notDone" | "unknown", number>>;
  /** Unknown ones that turned out to be orders, and those that never will be. */
  readonly unknownMade: number;
  readonly unknownGivenUp: number;
  readonly violations: readonly string[];
}

/** The scale at which quantities, notionals and fees are compared: no asset has more decimals. */
const SCALE = 18;

/**
 * Compares what a client knows with what is there (R10). Each violation names the client order id or the trade.
 * All is compared; the counts are of those that `isCounted` takes.
 */
export function reconcile(
  attempts: ReadonlyMap<string, Attempts>,
  world: World,
  isCounted: (clientOrderId: string) => boolean = () => true,
): Reconciliation {
  const violations: string[] = [];
  const requests = { acknowledged: 0, refused: 0, notDone: 0, unknown: 0 };
  const orders = byClientOrderId(world.orders, attempts, violations);
  const fills = fillsOf(world.trades, violations);
  let unknownMade = 0;
  let unknownGivenUp = 0;
  for (const [id, attempt] of attempts) {
    const order = orders.get(id);
    const fault = (what: string): void => void violations.push(`${id}: ${what}`);
    const kind = kindOf(attempt);
    const count = isCounted(id) ? 1 : 0;
    requests[kind] += count;
    if (kind === "acknowledged") acknowledgedFaults(attempt, order, fault);
    else if (kind === "unknown") {
      if (order === undefined) fault("nobody knows it, and no tombstone keeps it from coming later");
      else if (order.status === "REJECTED") unknownGivenUp += count;
      else unknownMade += count;
    } else if (order !== undefined && order.status !== "REJECTED")
      fault(`it was answered "${answerOf(attempt)}" and is ${order.status}`);
    if (order !== undefined) orderFaults(attempt, order, fills.get(order.orderId), fault);
  }
  for (const [id, { orderId, status }] of orders)
    if (!attempts.has(id)) violations.push(`${id}: order ${orderId} is ${status} and nobody asked for it`);
  const known = new Set(world.orders.map(({ orderId }) => orderId));
  for (const orderId of fills.keys())
    if (!known.has(orderId)) violations.push(`order ${orderId} traded and is in no table`);
  return { requests, unknownMade, unknownGivenUp, violations };
}

function kindOf(attempt: Attempts): "acknowledged" | "refused" | "notDone" | "unknown" {
  if (attempt.outcomes.some(({ knowledge }) => knowledge === "acknowledged")) return "acknowledged";
  if (isOpenQuestion(attempt)) return "unknown";
  return attempt.outcomes.some(({ knowledge }) => knowledge === "refused") ? "refused" : "notDone";
}

function answerOf({ outcomes }: Attempts): string {
  return outcomes
    .map(({ outcome }) =>
      outcome?.kind === "answered" ? `${outcome.status} ${outcome.code ?? ""}`.trim() : "silence",
    )
    .join(", ");
}

/** Every 201 and 200 is there with the facts that it said, and nothing that it said has gone back. */
function acknowledgedFaults(
  attempt: Attempts,
  order: OrderFacts | undefined,
  fault: (what: string) => void,
): void {
  if (order === undefined) {
    fault("it was acknowledged and is not there");
    return;
  }
  if (order.status === "REJECTED") fault(`it was acknowledged and is REJECTED (${order.reason ?? ""})`);
  if (attempt.outcomes.some(({ knowledge }) => knowledge === "refused"))
    fault(`one key had two answers: ${answerOf(attempt)}`);
  for (const { outcome } of attempt.outcomes) {
    if (outcome?.kind !== "answered" || outcome.order === undefined) continue;
    for (const field of ["orderId", "createdAt", "price"] as const)
      if (outcome.order[field] !== order[field])
        fault(`${field} was answered ${outcome.order[field]} and is ${order[field]}`);
    for (const field of ["filledQuantity", "filledNotional", "fee", "cancelledQuantity"] as const)
      if (units(outcome.order[field]) > units(order[field]))
        fault(`${field} was answered ${outcome.order[field]} and is ${order[field]}`);
  }
}

interface Fills {
  quantity: bigint;
  notional: bigint;
  fee: bigint;
}

/** What was asked for, what is filled, and how much of it trades explain. */
function orderFaults(
  attempt: Attempts,
  order: OrderFacts,
  fills: Fills = { quantity: 0n, notional: 0n, fee: 0n },
  fault: (what: string) => void,
): void {
  const { terms, amendedTo } = attempt;
  if (order.accountId !== terms.accountId) fault(`it is of account ${order.accountId}`);
  if (units(order.filledQuantity) !== fills.quantity)
    fault(`filled ${order.filledQuantity}, its trades make ${textOf(fills.quantity)}`);
  if (units(order.filledNotional) !== fills.notional)
    fault(`filled for ${order.filledNotional}, its trades make ${textOf(fills.notional)}`);
  if (units(order.fee) !== fills.fee) fault(`fee ${order.fee}, its trades make ${textOf(fills.fee)}`);
  if (order.status === "REJECTED" && fills.quantity > 0n) fault("it is REJECTED and has traded");
  // A tombstone has no terms.
  if (order.quantity === undefined) return;
  for (const field of ["symbol", "side", "orderType", "timeInForce"] as const)
    if (order[field] !== terms[field]) fault(`${field} was asked as ${terms[field]} and is ${order[field]}`);
  if (units(order.price ?? "0") !== units(terms.price))
    fault(`price was asked as ${terms.price} and is ${order.price}`);
  const asked = [terms.quantity, ...amendedTo].map(units);
  const quantity = units(order.quantity);
  if (!asked.includes(quantity)) fault(`its quantity ${order.quantity} was never asked for`);
  if (quantity !== units(order.filledQuantity) + units(order.leavesQuantity) + units(order.cancelledQuantity))
    fault("quantity is not filled + leaves + cancelled");
  if (units(order.leavesQuantity) !== 0n)
    fault(`${order.leavesQuantity} are still open after all was cancelled`);
}

/** What was given up as an orphan of the wallet has no client order id any more, but it has the id made of it (R10). */
function byClientOrderId(
  orders: readonly OrderFacts[],
  attempts: ReadonlyMap<string, Attempts>,
  violations: string[],
): ReadonlyMap<string, OrderFacts> {
  const derived = new Map(
    [...attempts].map(([id, { terms }]) => [orderIdOf(terms.accountId, terms.clientOrderId), id]),
  );
  const found = new Map<string, OrderFacts>();
  for (const order of orders) {
    const id = order.clientOrderId ?? derived.get(order.orderId) ?? `(none) ${order.orderId}`;
    if (found.has(id)) violations.push(`${id}: there are two orders of it`);
    found.set(id, order);
  }
  return found;
}

function fillsOf(trades: readonly TradeFacts[], violations: string[]): ReadonlyMap<string, Fills> {
  const fills = new Map<string, Fills>();
  const seen = new Set<string>();
  for (const { tradeId, quantity, notional, buyer, seller } of trades) {
    if (seen.has(tradeId)) violations.push(`trade ${tradeId} was executed twice`);
    seen.add(tradeId);
    for (const { orderId, fee } of [buyer, seller]) {
      const sum = fills.get(orderId) ?? { quantity: 0n, notional: 0n, fee: 0n };
      sum.quantity += units(quantity);
      sum.notional += units(notional);
      sum.fee += units(fee);
      fills.set(orderId, sum);
    }
  }
  return fills;
}

function units(text: string): bigint {
  return decimalUnits(text, SCALE);
}

function textOf(amount: bigint): string {
  return formatDecimal(amount, SCALE);
}
