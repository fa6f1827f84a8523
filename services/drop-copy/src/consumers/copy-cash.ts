import { partitionOf } from "@bourse/bus";
import {
  type AccountShort,
  cashBalanceFeed,
  type EventOf,
  type FundsDeposited,
  type FundsWithdrawn,
  type TradeExecuted,
} from "@bourse/contracts";
import type { ConsumerUnit, Effects, Envelope, Known, OutgoingEvent } from "@bourse/delivery";
import type { Statement } from "@bourse/store";
import { applyCash, type CashFact, cashUnits, dayOf, unknownClient } from "../domain/client-cash.ts";
import type { DropCopy, KnownDay } from "../drop-copy.ts";
import { addTraded, lockClients, readClients, writeClients } from "../sql/client-rows.ts";

type Executed = EventOf<typeof TradeExecuted>;
type Funds = EventOf<typeof FundsDeposited> | EventOf<typeof FundsWithdrawn> | EventOf<typeof AccountShort>;

/**
 * Tells clients' cash. Trades of the day that a client's row is of tell nothing: they are added to it, whatever else is
 * added meanwhile. For anything else the clients of the batch are locked, its facts added, and one row each written (R13).
 */
export async function copyCash(
  service: DropCopy,
  batch: readonly Envelope[],
  unit: ConsumerUnit,
): Promise<Effects> {
  const facts: CashFact[] = [];
  for (const { event } of batch) for (const fact of cashFactsOf(event, service.cashAsset)) facts.push(fact);
  if (facts.length === 0) return { statements: [], events: [], result: undefined };
  const { rows, isCareful } = service.knownDays.of(unit.tenure);
  const day = isCareful ? null : dayOfTrades(facts, (clientId) => rows.get(clientId)?.day);
  if (day !== null) return { statements: [addSums(facts, day)], events: [], result: undefined };
  return await tellCash(service, facts, unit, rows);
}

/** The day that all of them are trades of, and that all of their clients' rows are of; null: they are not. */
function dayOfTrades(
  facts: readonly CashFact[],
  knownDay: (clientId: string) => string | undefined,
): string | null {
  const day = facts[0]?.day ?? null;
  const isPlain = (fact: CashFact): boolean =>
    fact.day === day && fact.payIn === 0n && fact.payout === 0n && knownDay(fact.clientId) === day;
  return facts.every(isPlain) ? day : null;
}

function addSums(facts: readonly CashFact[], day: string): Statement {
  const sums = new Map<string, bigint>();
  for (const { clientId, traded } of facts) sums.set(clientId, (sums.get(clientId) ?? 0n) + traded);
  const clientIds = [...sums.keys()].sort();
  return addTraded(
    clientIds,
    clientIds.map((clientId) => sums.get(clientId) ?? 0n),
    day,
  );
}

async function tellCash(
  service: DropCopy,
  facts: readonly CashFact[],
  unit: ConsumerUnit,
  days: Known<KnownDay>["rows"],
): Promise<Effects> {
  const clientIds = [...new Set(facts.map(({ clientId }) => clientId))];
  const [, rows = []] = await unit.run(lockClients(clientIds, service.cashAsset));
  const clients = new Map(readClients(rows).map((client) => [client.clientId, client]));
  const events: OutgoingEvent[] = [];
  for (const fact of facts) {
    const { cash, told } = applyCash(clients.get(fact.clientId) ?? unknownClient(fact.clientId), fact);
    clients.set(fact.clientId, cash);
    if (told === null) continue;
    const { partitions } = cashBalanceFeed;
    const key = told.client_id;
    events.push({ topic: cashBalanceFeed, key, partition: partitionOf(key, partitions), event: told });
  }
  for (const { clientId, day } of clients.values()) days.set(clientId, { day });
  return { statements: [writeClients([...clients.values()])], events, result: undefined };
}

/** What an event says of clients' cash in this asset; most say nothing. */
export function cashFactsOf(decoded: unknown, asset: string): readonly CashFact[] {
  const event = decoded as Executed | Funds;
  switch (event.eventType) {
    case "FundsDeposited":
      return event.asset === asset ? [fundsFact(event, { payIn: cashUnits(event.amount) })] : [];
    case "FundsWithdrawn":
      return event.asset === asset ? [fundsFact(event, { payout: cashUnits(event.amount) })] : [];
    case "AccountShort":
      // Suspense paid what the account lacked: so much less was taken from it.
      return event.asset === asset ? [fundsFact(event, { traded: cashUnits(event.amount) })] : [];
    case "TradeExecuted":
      return tradeFacts(event, asset);
    default:
      return [];
  }
}

function fundsFact(event: Funds, moved: Partial<CashFact>): CashFact {
  return {
    clientId: event.accountId,
    day: dayOf(event.timestamp),
    payIn: 0n,
    payout: 0n,
    traded: 0n,
    ...moved,
  };
}

/** Fees are in the quote asset. */
function tradeFacts(event: Executed, asset: string): readonly CashFact[] {
  const { baseAsset, quoteAsset, notional, quantity, buyer, seller } = event;
  const day = dayOf(event.timestamp);
  const fact = (clientId: string, traded: bigint): CashFact => ({
    clientId,
    day,
    payIn: 0n,
    payout: 0n,
    traded,
  });
  if (quoteAsset === asset) {
    const price = cashUnits(notional);
    return [
      fact(buyer.accountId, -price - cashUnits(buyer.fee)),
      fact(seller.accountId, price - cashUnits(seller.fee)),
    ];
  }
  if (baseAsset !== asset) return [];
  const units = cashUnits(quantity);
  return [fact(buyer.accountId, units), fact(seller.accountId, -units)];
}
