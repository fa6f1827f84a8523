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
import {
  type KnownPosition,
  lockPositions,
  readPositions,
  type WrittenPosition,
  writePositions,
} from "../sql/position-rows.ts";

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
  const fills = fillsOf(service, executedOf(batch));
  if (fills.length === 0) return { statements: [], events: [], result: undefined };
  const { rows: known } = service.known.of(unit.tenure);
  await readUnknown(service, known, fills, unit);
  const changes: WrittenPosition[] = [];
  const events: OutgoingEvent[] = [];
  for (const { before, after } of applyFills((name) => known.get(name)?.kept, fills, service.method)) {
    const tableId = known.get(after.name)?.tableId ?? 0;
    changes.push({ before, after, tableId });
    known.set(after.name, { kept: after, tableId });
    events.push(positionUpdated(after, instrumentOf(service, after.symbol)));
  }
  service.written.set(batch, changes.length);
  return { statements: writePositions(changes), events, result: undefined };
}

/** Afterwards all positions of the fills are known, those without trades included. */
async function readUnknown(
  service: Portfolio,
  known: Known<KnownPosition>["rows"],
  fills: readonly AccountFill[],
  unit: ConsumerUnit,
): Promise<void> {
  const unknown = fills.filter(({ name }) => !known.has(name));
  if (unknown.length === 0) return;
  const keys = positionKeys(unknown);
  const [rows = [], tables] = await unit.run(lockPositions(keys));
  const tableId = Number(tables?.[0]?.table_id);
  for (const kept of readPositions(rows, (symbol) => instrumentOf(service, symbol)))
    known.set(kept.name, { kept, tableId });
  for (const key of keys) {
    if (known.has(key.name)) continue;
    const position = emptyPosition(service.method, instrumentOf(service, key.symbol).tickLotUnits);
    known.set(key.name, { kept: { ...key, position, trades: 0 }, tableId });
  }
}

/** R5: positions that a rebuild has changed are told again as they are now. */
export function republishPositions(service: Portfolio, rows: Rows): readonly OutgoingEvent[] {
  return readPositions(rows, (symbol) => instrumentOf(service, symbol)).map((each) =>
    positionUpdated(each, instrumentOf(service, each.symbol)),
  );
}

export function tradesApplied({ metrics, written }: Portfolio, batch: readonly Envelope[]): void {
  metrics.trades.inc(executedOf(batch).length);
  metrics.positions.inc(written.get(batch) ?? 0);
}

export function executedOf(batch: readonly Envelope[]): readonly Executed[] {
  const executed: Executed[] = [];
  for (const { event } of batch as readonly Envelope<TopicEvent<typeof tradeEvents>>[])
    if (event.eventType === "TradeExecuted") executed.push(event);
  return executed;
}

/** A trade is two fills, the buyer's and the seller's. An account that trades with itself has both. */
export function fillsOf(
  service: Pick<Portfolio, "reference">,
  executed: readonly Executed[],
): readonly AccountFill[] {
  const fills: AccountFill[] = [];
  for (const { symbol, quantity, price, buyer, seller } of executed) {
    const instrument = instrumentOf(service, symbol);
    const trade = {
      symbol,
      instrument,
      quantityLots: instrument.decodeQuantity(quantity),
      priceTicks: instrument.decodePrice(price),
    };
    fills.push(fillOf(trade, "BUY", buyer), fillOf(trade, "SELL", seller));
  }
  return fills;
}

interface DecodedTrade {
  readonly symbol: string;
  readonly instrument: CompiledInstrument;
  readonly quantityLots: number;
  readonly priceTicks: number;
}

function fillOf(
  { symbol, instrument, quantityLots, priceTicks }: DecodedTrade,
  side: "BUY" | "SELL",
  { accountId, fee }: Executed["buyer"],
): AccountFill {
  return {
    name: nameOf({ accountId, symbol }),
    accountId,
    symbol,
    side,
    quantityLots,
    priceTicks,
    feeUnits: decimalUnits(fee, instrument.quoteScale),
    tickLotUnits: instrument.tickLotUnits,
  };
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
