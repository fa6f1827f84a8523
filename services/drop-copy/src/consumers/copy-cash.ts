import { partitionOf } from "@bourse/bus";
import {
  type AccountShort,
  cashBalanceFeed,
  type EventOf,
  type FundsDeposited,
  type FundsWithdrawn,
  type TradeExecuted,
} from "@bourse/contracts";
import type { Effects, Envelope, OutgoingEvent, Unit } from "@bourse/delivery";
import { applyCash, type CashFact, cashUnits, dayOf, unknownClient } from "../domain/client-cash.ts";
import type { DropCopy } from "../drop-copy.ts";
import { lockClients, readClients, writeClients } from "../sql/client-rows.ts";

type Executed = EventOf<typeof TradeExecuted>;
type Funds = EventOf<typeof FundsDeposited> | EventOf<typeof FundsWithdrawn> | EventOf<typeof AccountShort>;

/** Tells clients' cash: locks the clients of a batch, adds its facts, writes one row each (R13). */
export async function copyCash(service: DropCopy, batch: readonly Envelope[], unit: Unit): Promise<Effects> {
  const facts = batch.flatMap(({ event }) => cashFactsOf(event, service.cashAsset));
  if (facts.length === 0) return { statements: [], events: [], result: undefined };
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
