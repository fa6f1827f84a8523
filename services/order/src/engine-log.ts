import { present } from "@bourse/base";
import { partitionOf } from "@bourse/bus";
import { type EventOf, type OrderCreated, orderEvents, orderUpdates, rfc3339 } from "@bourse/contracts";
import type { OutgoingEvent } from "@bourse/delivery";
import type { CompiledInstrument } from "@bourse/market";
import type { Command } from "./domain/job.ts";
import type { Order } from "./domain/order.ts";
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

/** What the engine is told of a round, in the order of its jobs. */
export function engineEvents(
  command: EngineCommand,
  instrument: CompiledInstrument,
): readonly OutgoingEvent[] {
  if (command.kind !== "create")
    return [toSymbol(command.command.symbol, commandEvent(command.command, instrument))];
  const { order } = command;
  const created = toSymbol(order.terms.symbol, orderCreated(order, instrument));
  return order.terms.special?.reduceOnly === true ? [positionFollowed(order), created] : [created];
}

/** The engine knows how to keep a reduce-only order within a position only once it follows that. */
function positionFollowed({ orderId, accountId, terms: { symbol } }: Order): OutgoingEvent {
  const requestId = derivedRequestId(`position/${orderId}`);
  return toSymbol(symbol, { eventType: "PositionFollowed", requestId, accountId, symbol });
}

function orderCreated(order: Order, instrument: CompiledInstrument): Unstamped<EventOf<typeof OrderCreated>> {
  const { terms } = order;
  return {
    eventType: "OrderCreated",
    orderId: order.orderId,
    accountId: order.accountId,
    clientOrderId: order.clientOrderId,
    symbol: terms.symbol,
    side: terms.side,
    orderType: terms.orderType,
    timeInForce: terms.timeInForce,
    quantity: instrument.formatQuantity(terms.quantityLots),
    ...(terms.priceTicks === null ? {} : { price: instrument.formatPrice(terms.priceTicks) }),
    worstPrice: instrument.formatPrice(present(order.boundTicks, "the worst price of an accepted order")),
    postOnly: terms.postOnly,
    ...(terms.expireAtMs === null ? {} : { expireAt: rfc3339(terms.expireAtMs) }),
    makerFeePpm: terms.makerFeePpm,
    takerFeePpm: terms.takerFeePpm,
    status: "PENDING",
    ...(terms.botId === null ? {} : { botId: terms.botId }),
    ...(terms.remark === null ? {} : { remark: terms.remark }),
    ...terms.special,
  };
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
  return outgoing({
    topic: orderUpdates,
    key: order.accountId,
    partition: partitionOf(order.accountId, orderUpdates.partitions),
    event: {
      eventType: "OrderStateChanged",
      orderId: order.orderId,
      accountId: order.accountId,
      clientOrderId: order.clientOrderId,
      symbol: terms.symbol,
      side: terms.side,
      orderType: terms.orderType,
      timeInForce: terms.timeInForce,
      status: order.status,
      quantity: instrument.formatQuantity(terms.quantityLots),
      ...(terms.priceTicks === null ? {} : { price: instrument.formatPrice(terms.priceTicks) }),
      filledQuantity: instrument.formatQuantity(order.filledLots),
      leavesQuantity: instrument.formatQuantity(order.leavesLots),
      cancelledQuantity: instrument.formatQuantity(order.cancelledLots),
      filledNotional: instrument.formatQuoteUnits(order.filledNotionalUnits),
      fee: instrument.formatQuoteUnits(order.feeUnits),
      ...(order.reason === null ? {} : { reason: order.reason }),
      ...(terms.botId === null ? {} : { botId: terms.botId }),
      ...(order.triggered ? { triggered: true } : {}),
    },
  });
}

function outgoing(
  event: OutgoingEvent<typeof orderEvents> | OutgoingEvent<typeof orderUpdates>,
): OutgoingEvent {
  return event as unknown as OutgoingEvent;
}
