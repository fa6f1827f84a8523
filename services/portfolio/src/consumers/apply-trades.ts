import { decimalUnits } from "@bourse/base";
import { partitionOf } from "@bourse/bus";
import {
  type EventOf,
  portfolioEvents,
  type TopicEvent,
  type TradeExecuted,
  type tradeEvents,
} from "@bourse/contracts";
import type { ConsumerUnit, Effects, Envelope, Known, OutgoingEvent } from "@bourse/delivery";
import type { CompiledInstrument } from "@bourse/market";
import { averagePrice, emptyPosition } from "@bourse/positions";
import type { Rows } from "@bourse/store";
import {
  type AccountFill,
  type AccountPosition,
  applyFills,
  nameOf,
  positionKeys,
} from "../domain/position-batch.ts";
import { instrumentOf, type Portfolio } from "../portfolio.ts";
import { type KnownPosition, lockPositions, readPositions, writePositions } from "../sql/position-rows.ts";

type Executed = EventOf<typeof TradeExecuted>;

/**
 * Adds the trades of a batch to both sides' positions: one row and one event each (R13). Those that this instance touched
 * last are known (decision 0032), the others are locked in order and read.
 */
export async function applyTrades(
  service: Portfolio,
  batch: readonly Envelope[],
  unit: ConsumerUnit,
): Promise<Effects> {
  const fills = executedOf(batch).flatMap((event) => fillsOf(event, instrumentOf(service, event.symbol)));
  if (fills.length === 0) return { statements: [], events: [], result: undefined };
  const positions = await openPositions(service, fills, unit);
  const changes = applyFills((key) => positions.get(nameOf(key))?.kept, fills, service.method).map(
    (change) => ({ ...change, tableId: positions.get(nameOf(change.after))?.tableId ?? 0 }),
  );
  for (const { after, tableId } of changes) positions.set(nameOf(after), { kept: after, tableId });
  return {
    statements: writePositions(changes),
    events: changes.map(({ after }) => positionUpdated(after, instrumentOf(service, after.symbol))),
    result: undefined,
  };
}

/** The positions of the fills, those without trades included. */
async function openPositions(
  service: Portfolio,
  fills: readonly AccountFill[],
  unit: ConsumerUnit,
): Promise<Known<KnownPosition>["rows"]> {
  const { rows: known } = service.known.of(unit.tenure);
  const unknown = fills.filter((fill) => !known.has(nameOf(fill)));
  if (unknown.length === 0) return known;
  const keys = positionKeys(unknown);
  const [rows = [], tables] = await unit.run(lockPositions(keys));
  const tableId = Number(tables?.[0]?.table_id);
  for (const kept of readPositions(rows, (symbol) => instrumentOf(service, symbol)))
    known.set(nameOf(kept), { kept, tableId });
  for (const key of keys) {
    if (known.has(nameOf(key))) continue;
    const position = emptyPosition(service.method, instrumentOf(service, key.symbol).tickLotUnits);
    known.set(nameOf(key), { kept: { ...key, position, trades: 0 }, tableId });
  }
  return known;
}

/** R5: positions that a rebuild has changed are told again as they are now. */
export function republishPositions(service: Portfolio, rows: Rows): readonly OutgoingEvent[] {
  return readPositions(rows, (symbol) => instrumentOf(service, symbol)).map((each) =>
    positionUpdated(each, instrumentOf(service, each.symbol)),
  );
}

export function tradesApplied(service: Portfolio, batch: readonly Envelope[]): void {
  const executed = executedOf(batch);
  service.metrics.trades.inc(executed.length);
  const written = new Set<string>();
  for (const { symbol, buyer, seller } of executed)
    for (const { accountId } of [buyer, seller]) written.add(nameOf({ accountId, symbol }));
  service.metrics.positions.inc(written.size);
}

export function executedOf(batch: readonly Envelope[]): readonly Executed[] {
  return batch
    .map(({ event }) => event as TopicEvent<typeof tradeEvents>)
    .filter((event): event is Executed => event.eventType === "TradeExecuted");
}

/** A trade is two fills, the buyer's and the seller's. An account that trades with itself has both. */
export function fillsOf(event: Executed, instrument: CompiledInstrument): readonly AccountFill[] {
  const common = {
    symbol: event.symbol,
    tickLotUnits: instrument.tickLotUnits,
    quantityLots: instrument.decodeQuantity(event.quantity),
    priceTicks: instrument.decodePrice(event.price),
  };
  return [
    {
      ...common,
      side: "BUY",
      accountId: event.buyer.accountId,
      feeUnits: decimalUnits(event.buyer.fee, instrument.quoteScale),
    },
    {
      ...common,
      side: "SELL",
      accountId: event.seller.accountId,
      feeUnits: decimalUnits(event.seller.fee, instrument.quoteScale),
    },
  ];
}

export function positionUpdated(
  { accountId, symbol, position, trades }: AccountPosition,
  instrument: CompiledInstrument,
): OutgoingEvent<typeof portfolioEvents> {
  return {
    topic: portfolioEvents,
    key: accountId,
    partition: partitionOf(accountId, portfolioEvents.partitions),
    event: {
      eventType: "PositionUpdated",
      accountId,
      symbol,
      quantity: instrument.formatBaseUnits(position.quantityLots * instrument.lotUnits),
      averagePrice: averagePrice(position, instrument) ?? "0",
      realisedPnl: instrument.formatQuoteUnits(position.realisedUnits),
      fees: instrument.formatQuoteUnits(position.feesUnits),
      trades,
    },
  };
}
