import { partitionOf } from "@bourse/bus";
import {
  type AccountShort,
  cashBalanceFeed,
  type EventOf,
  type FundsDeposited,
  type FundsWithdrawn,
  type TradeExecuted,
} from "@bourse/contracts";
import type { ConsumerUnit, Effects, Envelope, OutgoingEvent } from "@bourse/delivery";
import {
  applyCash,
  type CashFact,
  type CashRecord,
  type ClientCash,
  cashUnits,
  dayOf,
  unknownClient,
} from "../domain/client-cash.ts";
import type { DropCopy } from "../drop-copy.ts";
import { addTraded, lockClients, readClients, writeClients } from "../sql/client-rows.ts";

type Executed = EventOf<typeof TradeExecuted>;
type Funds = EventOf<typeof FundsDeposited> | EventOf<typeof FundsWithdrawn> | EventOf<typeof AccountShort>;

/** A client that a batch has facts of. */
interface OpenClient {
  readonly clientId: string;
  /** The business day of its row, where that is known. */
  readonly day: string | undefined;
  /** By trades of that day. */
  traded: bigint;
  /** Something of it may be to be told, so its row is locked and read. */
  isTold: boolean;
}

/**
 * Tells clients' cash. Trades of the day that a client's row is of tell nothing: they are added to it, whatever else is
 * added meanwhile. Clients with other facts are read, and one row each is written.
 */
export async function copyCash(
  service: DropCopy,
  batch: readonly Envelope[],
  unit: ConsumerUnit,
): Promise<Effects> {
  const facts: CashFact[] = [];
  for (const { event } of batch) addFactsOf(event, service.cashAsset, facts);
  const [first] = facts;
  if (first === undefined) return { statements: [], events: [], result: undefined };
  const { rows, isCareful } = service.knownDays.of(unit.tenure);
  const clients = openClients(facts, first.day, (clientId) =>
    isCareful ? undefined : rows.get(clientId)?.day,
  );
  const { told, events } = await tellCash(service, facts, clients, unit);
  for (const { clientId, day } of told) rows.set(clientId, { day });
  const added = [...clients.values()].filter(({ isTold }) => !isTold);
  return {
    statements: [
      ...(told.length === 0 ? [] : [writeClients(told)]),
      ...(added.length === 0 ? [] : [addTraded(added, first.day)]),
    ],
    events,
    result: undefined,
  };
}

/** Of a client that is not told all facts are trades of the given day, and so is its row. */
function openClients(
  facts: readonly CashFact[],
  day: string,
  knownDay: (clientId: string) => string | undefined,
): ReadonlyMap<string, OpenClient> {
  const clients = new Map<string, OpenClient>();
  for (const fact of facts) {
    let client = clients.get(fact.clientId);
    if (client === undefined) {
      const { clientId } = fact;
      client = { clientId, day: knownDay(clientId), traded: 0n, isTold: false };
      clients.set(clientId, client);
    }
    const isPlain = fact.day === day && client.day === day && fact.payIn === 0n && fact.payout === 0n;
    if (isPlain) client.traded += fact.traded;
    else client.isTold = true;
  }
  return clients;
}

/** The facts of clients that are told, applied to their rows in the order in which they came. */
async function tellCash(
  { cashAsset }: DropCopy,
  facts: readonly CashFact[],
  clients: ReadonlyMap<string, OpenClient>,
  unit: ConsumerUnit,
): Promise<{ readonly told: readonly ClientCash[]; readonly events: readonly OutgoingEvent[] }> {
  const clientIds: string[] = [];
  for (const { clientId, isTold } of clients.values()) if (isTold) clientIds.push(clientId);
  if (clientIds.length === 0) return { told: [], events: [] };
  const results = await unit.run(lockClients(clientIds, [...clients.keys()], cashAsset));
  const told = new Map(clientIds.map((clientId) => [clientId, unknownClient(clientId)]));
  for (const client of readClients(results.at(-1) ?? [])) told.set(client.clientId, client);
  const events: OutgoingEvent[] = [];
  for (const fact of facts) {
    const before = told.get(fact.clientId);
    if (before === undefined) continue;
    const { cash, told: record } = applyCash(before, fact);
    told.set(fact.clientId, cash);
    if (record !== null) events.push(outgoing(record));
  }
  return { told: [...told.values()], events };
}

function outgoing(record: CashRecord): OutgoingEvent {
  const key = record.client_id;
  const partition = partitionOf(key, cashBalanceFeed.partitions);
  return { topic: cashBalanceFeed, key, partition, event: record };
}

/** What an event says of clients' cash in this asset; most say nothing. */
export function cashFactsOf(decoded: unknown, asset: string): readonly CashFact[] {
  const facts: CashFact[] = [];
  addFactsOf(decoded, asset, facts);
  return facts;
}

function addFactsOf(decoded: unknown, asset: string, facts: CashFact[]): void {
  const event = decoded as Executed | Funds;
  switch (event.eventType) {
    case "FundsDeposited":
      if (event.asset === asset) facts.push(fundsFact(event, { payIn: cashUnits(event.amount) }));
      return;
    case "FundsWithdrawn":
      if (event.asset === asset) facts.push(fundsFact(event, { payout: cashUnits(event.amount) }));
      return;
    case "AccountShort":
      // Suspense paid what the account lacked: so much less was taken from it.
      if (event.asset === asset) facts.push(fundsFact(event, { traded: cashUnits(event.amount) }));
      return;
    case "TradeExecuted":
      addTradeFacts(event, asset, facts);
      return;
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
function addTradeFacts(event: Executed, asset: string, facts: CashFact[]): void {
  const { baseAsset, quoteAsset, buyer, seller } = event;
  if (quoteAsset === asset) {
    const price = cashUnits(event.notional);
    const day = dayOf(event.timestamp);
    facts.push(
      tradeFact(buyer.accountId, day, -price - cashUnits(buyer.fee)),
      tradeFact(seller.accountId, day, price - cashUnits(seller.fee)),
    );
  } else if (baseAsset === asset) {
    const units = cashUnits(event.quantity);
    const day = dayOf(event.timestamp);
    facts.push(tradeFact(buyer.accountId, day, units), tradeFact(seller.accountId, day, -units));
  }
}

function tradeFact(clientId: string, day: string, traded: bigint): CashFact {
  return { clientId, day, payIn: 0n, payout: 0n, traded };
}
