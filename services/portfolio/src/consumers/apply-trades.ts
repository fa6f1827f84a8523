import { decimalUnits } from "@bourse/base";
import { partitionOf } from "@bourse/bus";
import {
  type EventOf,
  portfolioEvents,
  type TopicEvent,
  type TradeExecuted,
  type tradeEvents,
} from "@bourse/contracts";
import type { Effects, Envelope, OutgoingEvent, Unit } from "@bourse/delivery";
import type { CompiledInstrument } from "@bourse/market";
import { averagePrice } from "@bourse/positions";
import type { Rows } from "@bourse/store";
import {
  type AccountFill,
  type AccountPosition,
  applyFills,
  positionKeys,
} from "../domain/position-batch.ts";
import { instrumentOf, type Portfolio } from "../portfolio.ts";
import { lockPositions, readPositions, writePositions } from "../sql/position-rows.ts";

type Executed = EventOf<typeof TradeExecuted>;

/** Adds the trades of a batch to both sides' positions: locked in order, one row and one event each (R13). */
export async function applyTrades(
  service: Portfolio,
  batch: readonly Envelope[],
  unit: Unit,
): Promise<Effects> {
  const fills = executedOf(batch).flatMap((event) => fillsOf(event, instrumentOf(service, event.symbol)));
  if (fills.length === 0) return { statements: [], events: [], result: undefined };
  const [rows = []] = await unit.run([lockPositions(positionKeys(fills))]);
  const known = readPositions(rows, (symbol) => instrumentOf(service, symbol));
  const changed = applyFills(known, fills, service.method);
  return {
    statements: [writePositions(changed)],
    events: changed.map((each) => positionUpdated(each, instrumentOf(service, each.symbol))),
    result: undefined,
  };
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
  service.metrics.positions.inc(
    positionKeys(
      executed.flatMap(({ symbol, buyer, seller }) => [
        { accountId: buyer.accountId, symbol },
        { accountId: seller.accountId, symbol },
      ]),
    ).length,
  );
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
