import { present } from "@bourse/base";
import type { EventBus } from "@bourse/bus";
import {
  type EventOf,
  epochMs,
  type OrderCreated,
  type OrderModified,
  type OrderStateChanged,
  orderEvents,
  orderUpdates,
  type PriceBandsSet,
  referenceEvents,
  specialFields,
  type TopicEvent,
} from "@bourse/contracts";
import { type Envelope, replayTopic } from "@bourse/delivery";
import type { RecoveryDefinition } from "@bourse/host";
import { type CompiledInstrument, compileListed, type SpecialTerms } from "@bourse/market";
import type { Statement } from "@bourse/store";
import { statusRequestId } from "./consumers/reference.ts";
import type { Order, OrderTerms } from "./domain/order.ts";
import { partitionOfSymbol } from "./engine-log.ts";
import { bodyHashOf } from "./order-id.ts";
import type { VenueCommand } from "./sql/command-rows.ts";
import {
  rememberRequests,
  restoreCommand,
  restoreEngineVersion,
  restoreGroup,
  restoreOrders,
  restoreVenueCommand,
  type ToldCommand,
} from "./sql/recovered-rows.ts";
import { type Bands, setBandsRow } from "./sql/rule-rows.ts";
import { haltSymbol, readVenue } from "./sql/venue-rows.ts";
import { Venue } from "./venue.ts";

/**
 * R6: the engine has obeyed these commands, so the database must know them: orders, amendments, cancels and what else
 * order-events has of this service. Their outcomes come by reading execution-events again from the restored marks.
 */
export const orderRecovery: RecoveryDefinition = {
  description:
    "orders, amendments, cancels, halts, price bands and self-trade groups come back from order-events, refused orders " +
    "from order-updates; their outcomes, instruments and blocks come by reading execution-, reference- and risk-events " +
    "again. Lost are tombstones, the exact answers of refused orders, and how long sessions are kept alive",
  order: [orderEvents, orderUpdates],
  open: async ({ store, bus }) => {
    const ofReference = await statusRequestsOfReference(bus);
    const venue = new Venue();
    venue.load(await readVenue(store));
    const listed = new Map<string, CompiledInstrument>();
    const instrumentOf = (symbol: string): CompiledInstrument =>
      present(
        venue.instrument(symbol) ?? listed.get(symbol),
        `the instrument ${symbol} of a recovered order`,
      );
    return (batch) => {
      const orders: Order[] = [];
      const statements: Statement[] = [];
      const told: ToldCommand[] = [];
      for (const envelope of batch) {
        if (envelope.topic === orderUpdates.name) {
          const event = envelope.event as EventOf<typeof OrderStateChanged>;
          if (event.status === "REJECTED")
            orders.push(refusedOrder(event, instrumentOf(event.symbol), envelope.timeMs));
          continue;
        }
        const event = envelope.event as TopicEvent<typeof orderEvents>;
        // One that was listed after the backup: its definition is read again later.
        if (event.eventType === "SymbolListed") listed.set(event.symbol, compileListed(event));
        if (event.eventType === "OrderCreated")
          orders.push(acceptedOrder(event, instrumentOf(event.symbol), envelope.timeMs));
        else {
          const { requestId } = event;
          statements.push(...commandRow(event, envelope, instrumentOf));
          if (event.eventType === "TradingHalted" && !ofReference.has(requestId))
            statements.push(haltSymbol(event.symbol, true));
          if (REQUEST_ID.test(requestId)) told.push({ requestId, partition: envelope.partition });
        }
      }
      return {
        statements: [...restoreOrders(orders, partitionOfSymbol), ...statements, ...rememberRequests(told)],
        imported: ({ topic, event }) =>
          topic === orderEvents.name || (event as { readonly status?: unknown }).status === "REJECTED",
      };
    };
  },
};

/** The halts that an operator has not made: they come by reading the reference data again. */
async function statusRequestsOfReference(bus: EventBus): Promise<ReadonlySet<string>> {
  const requestIds = new Set<string>();
  for (let partition = 0; partition < referenceEvents.partitions; partition++)
    for await (const batch of replayTopic(bus, referenceEvents, partition))
      for (const envelope of batch) requestIds.add(statusRequestId(envelope));
  return requestIds;
}

const REQUEST_ID = /^[0-9a-f]{32}$/;

type Command = Exclude<TopicEvent<typeof orderEvents>, { eventType: "OrderCreated" }>;

function commandRow(
  event: Command,
  { partition, timeMs }: Envelope,
  instrumentOf: (symbol: string) => CompiledInstrument,
): readonly Statement[] {
  const { requestId } = event;
  const venueCommand = (
    kind: VenueCommand["kind"],
    about: { readonly accountId?: string | undefined; readonly symbol?: string | undefined },
  ): readonly Statement[] => [
    restoreVenueCommand(
      { requestId, kind, partition, accountId: about.accountId ?? null, symbol: about.symbol ?? null },
      timeMs,
    ),
  ];
  switch (event.eventType) {
    case "OrderModified":
      return [restoreCommand(amendment(event, instrumentOf(event.symbol)), partition, timeMs)];
    case "OrderCancelled": {
      const command = { ...event, kind: "CANCEL" as const, quantityLots: null, priceTicks: null };
      return [restoreCommand(command, partition, timeMs)];
    }
    case "MassCancelled":
      return venueCommand("MASS_CANCEL", event);
    case "TradingHalted":
      return venueCommand("HALT", event);
    case "TradingResumed":
      return [...venueCommand("RESUME", event), haltSymbol(event.symbol, false)];
    case "PriceBandsSet": {
      const bands = bandsOf(event, instrumentOf(event.symbol));
      return [
        ...venueCommand("BANDS", event),
        setBandsRow(event.symbol, bands, { requestId, nowMs: timeMs }),
      ];
    }
    case "AccountGrouped": {
      const group = event.selfTradeGroup ?? null;
      const told = { requestId, partition, toldMs: timeMs };
      return [...venueCommand("GROUP", event), restoreGroup(event.accountId, group, told)];
    }
    case "SessionClosed":
      return venueCommand("SESSION", event);
    case "TimeAdvanced":
      return venueCommand("TIME", {});
    case "EngineVersionActivated":
      return [restoreEngineVersion(partition, event.engineVersion, timeMs)];
    default:
      // Listings, limits and blocks come back by reading reference- and risk-events again; only their requests are remembered.
      return [];
  }
}

function bandsOf(event: EventOf<typeof PriceBandsSet>, instrument: CompiledInstrument): Bands | null {
  const { lowerPrice, upperPrice, limitStateMs } = event;
  if (lowerPrice === undefined || upperPrice === undefined || limitStateMs === undefined) return null;
  return {
    lowerTicks: instrument.decodePrice(lowerPrice),
    upperTicks: instrument.decodePrice(upperPrice),
    limitStateMs,
  };
}

function amendment(event: EventOf<typeof OrderModified>, instrument: CompiledInstrument) {
  const { requestId, orderId, accountId, symbol, quantity, price } = event;
  return {
    requestId,
    kind: "AMEND" as const,
    orderId,
    accountId,
    symbol,
    quantityLots: quantity === undefined ? null : instrument.decodeQuantity(quantity),
    priceTicks: price === undefined ? null : instrument.decodePrice(price),
  };
}

function acceptedOrder(
  event: EventOf<typeof OrderCreated>,
  instrument: CompiledInstrument,
  createdMs: number,
): Order {
  const { orderId, accountId, clientOrderId, timeInForce } = event;
  const terms: OrderTerms = {
    ...termsOf(event, instrument),
    postOnly: event.postOnly,
    expireAtMs: event.expireAt === undefined ? null : epochMs(event.expireAt),
    makerFeePpm: event.makerFeePpm,
    takerFeePpm: event.takerFeePpm,
    remark: event.remark ?? null,
    special: specialOf(event),
  };
  // What was asked for: the day's end of a DAY order is not part of it.
  const expireAt = timeInForce === "DAY" ? null : (event.expireAt ?? null);
  const bodyHash = bodyHashOf({
    accountId,
    clientOrderId,
    symbol: event.symbol,
    side: event.side,
    orderType: event.orderType,
    timeInForce,
    quantity: event.quantity,
    price: event.price ?? null,
    postOnly: event.postOnly,
    expireAt,
    expireAtMs: expireAt === null ? null : epochMs(expireAt),
    botId: event.botId ?? null,
    remark: event.remark ?? null,
    special: terms.special,
  });
  return {
    ...untouched({ orderId, accountId, clientOrderId }, terms, createdMs),
    status: "PENDING",
    boundTicks: instrument.decodePrice(event.worstPrice),
    leavesLots: terms.quantityLots,
    cancelledLots: 0,
    reason: null,
    refusal: null,
    bodyHash,
  };
}

/** The special terms among the fields of an OrderCreated, as they were kept. */
function specialOf(event: EventOf<typeof OrderCreated>): SpecialTerms | null {
  const fields = Object.entries(event).filter(([field]) => SPECIAL_FIELDS.has(field));
  return fields.length === 0 ? null : (Object.fromEntries(fields) as SpecialTerms);
}

const SPECIAL_FIELDS: ReadonlySet<string> = new Set([
  ...Object.keys(specialFields),
  "groupOrderId",
  "parentOrderId",
]);

/** No other request hashes to it: whoever asks again is told that the client order id was used (R10). */
const NO_BODY = "0".repeat(32);

/** Where the engine rejected it, its OrderCreated has made the row already. */
function refusedOrder(
  event: EventOf<typeof OrderStateChanged>,
  instrument: CompiledInstrument,
  createdMs: number,
): Order {
  const { orderId, accountId, clientOrderId, reason = "order_rejected" } = event;
  const terms: OrderTerms = {
    ...termsOf(event, instrument),
    postOnly: false,
    expireAtMs: null,
    makerFeePpm: 0,
    takerFeePpm: 0,
    remark: null,
    special: null,
  };
  return {
    ...untouched({ orderId, accountId, clientOrderId }, terms, createdMs),
    status: "REJECTED",
    boundTicks: terms.priceTicks,
    leavesLots: 0,
    cancelledLots: terms.quantityLots,
    reason,
    refusal: { code: "order_rejected", detail: `it was refused before: ${reason}` },
    bodyHash: NO_BODY,
  };
}

function termsOf(
  event: EventOf<typeof OrderCreated> | EventOf<typeof OrderStateChanged>,
  instrument: CompiledInstrument,
) {
  return {
    symbol: event.symbol,
    side: event.side,
    orderType: event.orderType,
    timeInForce: event.timeInForce,
    quantityLots: instrument.decodeQuantity(event.quantity),
    priceTicks: event.price === undefined ? null : instrument.decodePrice(event.price),
    botId: event.botId ?? null,
  };
}

function untouched(
  identity: Pick<Order, "orderId" | "accountId" | "clientOrderId">,
  terms: OrderTerms,
  createdMs: number,
) {
  return {
    ...identity,
    terms,
    filledLots: 0,
    filledNotionalUnits: 0n,
    feeUnits: 0n,
    engineSequence: 0,
    triggered: false,
    createdMs,
    updatedMs: createdMs,
  };
}
