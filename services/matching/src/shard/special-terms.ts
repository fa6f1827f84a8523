import { assert } from "@bourse/base";
import type { EventOf, OrderCreated } from "@bourse/contracts";
import { LINK, PEG, type PlaceOrder, SELF_TRADE, TRIGGER_BY } from "@bourse/engine";
import { type CompiledInstrument, parseTrail } from "@bourse/market";
import type { OrderRecords } from "./order-records.ts";

type Created = EventOf<typeof OrderCreated>;

/** The engine's terms of an order beyond those of a plain one; absent ones are left out. */
export type EngineSpecial = Partial<
  Pick<
    PlaceOrder,
    | "stopTicks"
    | "ifTouched"
    | "trailTicks"
    | "trailBps"
    | "triggerBy"
    | "displayLots"
    | "hidden"
    | "peg"
    | "minimumLots"
    | "reduceOnly"
    | "slide"
    | "selfTrade"
    | "link"
    | "linkHandle"
    | "awaits"
    | "session"
  >
>;

/** Whether an order is more than a plain limit or market order. */
export function isSpecial(event: Created): boolean {
  return (
    (event.orderType !== "LIMIT" && event.orderType !== "MARKET") ||
    event.selfTradePrevention !== undefined ||
    event.hidden !== undefined ||
    event.minQuantity !== undefined ||
    event.reduceOnly !== undefined ||
    event.slide !== undefined ||
    event.groupOrderId !== undefined ||
    event.parentOrderId !== undefined ||
    event.awaits !== undefined ||
    event.sessionId !== undefined
  );
}

/** `sessionOf` numbers the sessions of accounts. */
export function engineSpecial(
  event: Created,
  instrument: CompiledInstrument,
  orders: OrderRecords,
  sessionOf: (accountId: string, sessionId: string) => number,
): EngineSpecial {
  const { stopPrice, displayQuantity, minQuantity, sessionId } = event;
  return {
    ...(stopPrice === undefined ? {} : { stopTicks: instrument.decodePrice(stopPrice) }),
    ...(event.ifTouched === true ? { ifTouched: true } : {}),
    ...trailOf(event, instrument),
    ...(event.triggerBy === undefined ? {} : { triggerBy: TRIGGER_BY[event.triggerBy] }),
    ...(displayQuantity === undefined ? {} : { displayLots: instrument.decodeQuantity(displayQuantity) }),
    ...(event.hidden === true ? { hidden: true } : {}),
    ...(event.pegTo === undefined ? {} : { peg: PEG[event.pegTo] }),
    ...(minQuantity === undefined ? {} : { minimumLots: instrument.decodeQuantity(minQuantity) }),
    ...(event.reduceOnly === true ? { reduceOnly: true } : {}),
    ...(event.slide === true ? { slide: true } : {}),
    ...(event.selfTradePrevention === undefined ? {} : { selfTrade: SELF_TRADE[event.selfTradePrevention] }),
    ...linkOf(event, orders),
    ...(event.awaits === undefined ? {} : { awaits: event.awaits }),
    ...(sessionId === undefined ? {} : { session: sessionOf(event.accountId, sessionId) }),
  };
}

function trailOf({ trailingOffset }: Created, instrument: CompiledInstrument): EngineSpecial {
  if (trailingOffset === undefined) return {};
  // The instrument is as it was listed; its limits may be others by now.
  const trail = parseTrail(trailingOffset, { priceTicks: instrument.decodePrice });
  assert(trail !== null, "a trailing offset in a record was checked when it was written");
  return trail.kind === "ticks" ? { trailTicks: trail.ticks } : { trailBps: trail.basisPoints };
}

/** If the linked order has ended, a handle that no order has: the engine then refuses the command. */
const NO_ORDER = Number.MAX_SAFE_INTEGER;

function linkOf({ groupOrderId, parentOrderId }: Created, orders: OrderRecords): EngineSpecial {
  const named = groupOrderId ?? parentOrderId;
  if (named === undefined) return {};
  const linkHandle = orders.has(named) ? orders.handleOf(named) : NO_ORDER;
  return { link: groupOrderId === undefined ? LINK.CHILD : LINK.ONE_CANCELS_OTHER, linkHandle };
}
