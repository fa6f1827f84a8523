import { present } from "@bourse/base";
import { partitionOf } from "@bourse/bus";
import {
  type EventOf,
  type OrderCreated,
  type OrderStateChanged,
  orderEvents,
  orderUpdates,
  rfc3339,
} from "@bourse/contracts";
import type { OutgoingEvent } from "@bourse/delivery";
import type { CompiledInstrument } from "@bourse/market";
import type { Command } from "./domain/job.ts";
import type { Order, OrderTerms } from "./domain/order.ts";
import type { EngineCommand } from "./domain/settle-round.ts";
import { derivedRequestId } from "./order-id.ts";

type Unstamped<Event> = Event extends { timestamp: string } ? Omit<Event, "timestamp"> : never;
export type EngineEvent = OutgoingEvent<typeof orderEvents>["event"];

/** All partitions of the engine's log. */
export const PARTITIONS: readonly number[] = Array.from(
  { length: orderEvents.partitions },
  (_, partition) => partition,
);

export function partitionOfSymbol(symbol: string): number {
  return partitionOf(symbol, orderEvents.partitions);
}

/** An event about one symbol. */
export function toSymbol(symbol: string, event: EngineEvent): OutgoingEvent {
  return outgoing({ topic: orderEvents, key: symbol, partition: partitionOfSymbol(symbol), event });
}

/** An event about a whole partition (R3). */
export function toPartition(partition: number, event: EngineEvent): OutgoingEvent {
  return outgoing({ topic: orderEvents, key: null, partition, event });
}

/** Adds to a round's events what the engine is told by a command. */
export function tellEngine(
  command: EngineCommand,
  instrument: CompiledInstrument,
  events: OutgoingEvent[],
): void {
  if (command.kind !== "create") {
    events.push(toSymbol(command.command.symbol, commandEvent(command.command, instrument)));
    return;
  }
  const { order } = command;
  if (order.terms.special?.reduceOnly === true) events.push(positionFollowed(order));
  events.push(toSymbol(order.terms.symbol, orderCreated(order, instrument)));
}

/** The engine knows how to keep a reduce-only order within a position only once it follows that. */
function positionFollowed({ orderId, accountId, terms: { symbol } }: Order): OutgoingEvent {
  const requestId = derivedRequestId(`position/${orderId}`);
  return toSymbol(symbol, { eventType: "PositionFollowed", requestId, accountId, symbol });
}

function orderCreated(order: Order, instrument: CompiledInstrument): Unstamped<EventOf<typeof OrderCreated>> {
  const { terms } = order;
  const start = {
    eventType: "OrderCreated" as const,
    orderId: order.orderId,
    accountId: order.accountId,
    clientOrderId: order.clientOrderId,
    symbol: terms.symbol,
    side: terms.side,
    orderType: terms.orderType,
    timeInForce: terms.timeInForce,
    quantity: instrument.formatQuantity(terms.quantityLots),
  };
  const priced = {
    ...withPrice(start, terms, instrument),
    worstPrice: instrument.formatPrice(present(order.boundTicks, "the worst price of an accepted order")),
    postOnly: terms.postOnly,
  };
  const event: Unstamped<EventOf<typeof OrderCreated>> = {
    ...(terms.expireAtMs === null ? priced : { ...priced, expireAt: rfc3339(terms.expireAtMs) }),
    makerFeePpm: terms.makerFeePpm,
    takerFeePpm: terms.takerFeePpm,
    status: "PENDING",
  };
  if (terms.botId !== null) event.botId = terms.botId;
  if (terms.remark !== null) event.remark = terms.remark;
  return terms.special === null ? event : { ...event, ...terms.special };
}

/** Only spreads at the front are fast: what few orders have is added to a whole, never spread into its middle. */
function withPrice<Start extends object>(
  start: Start,
  { priceTicks }: OrderTerms,
  instrument: CompiledInstrument,
): Start | (Start & { price: string }) {
  return priceTicks === null ? start : { ...start, price: instrument.formatPrice(priceTicks) };
}

function commandEvent(command: Command, instrument: CompiledInstrument): EngineEvent {
  const { requestId, orderId, accountId, symbol } = command;
  if (command.kind === "CANCEL")
    return { eventType: "OrderCancelled", requestId, orderId, accountId, symbol };
  return {
    eventType: "OrderModified",
    requestId,
    orderId,
    accountId,
    symbol,
    ...(command.quantityLots === null ? {} : { quantity: instrument.formatQuantity(command.quantityLots) }),
    ...(command.priceTicks === null ? {} : { price: instrument.formatPrice(command.priceTicks) }),
  };
}

/** The order as it is now, for its owner. */
export function orderUpdate(order: Order, instrument: CompiledInstrument): OutgoingEvent {
  const { terms } = order;
  const start = {
    eventType: "OrderStateChanged" as const,
    orderId: order.orderId,
    accountId: order.accountId,
    clientOrderId: order.clientOrderId,
    symbol: terms.symbol,
    side: terms.side,
    orderType: terms.orderType,
    timeInForce: terms.timeInForce,
    status: order.status,
    quantity: instrument.formatQuantity(terms.quantityLots),
  };
  const event: Unstamped<EventOf<typeof OrderStateChanged>> = {
    ...withPrice(start, terms, instrument),
    filledQuantity: instrument.formatQuantity(order.filledLots),
    leavesQuantity: instrument.formatQuantity(order.leavesLots),
    cancelledQuantity: instrument.formatQuantity(order.cancelledLots),
    filledNotional: instrument.formatQuoteUnits(order.filledNotionalUnits),
    fee: instrument.formatQuoteUnits(order.feeUnits),
  };
  if (order.reason !== null) event.reason = order.reason;
  if (terms.botId !== null) event.botId = terms.botId;
  if (order.triggered) event.triggered = true;
  return outgoing({
    topic: orderUpdates,
    key: order.accountId,
    partition: partitionOf(order.accountId, orderUpdates.partitions),
    event,
  });
}

function outgoing(
  event: OutgoingEvent<typeof orderEvents> | OutgoingEvent<typeof orderUpdates>,
): OutgoingEvent {
  return event as unknown as OutgoingEvent;
}
