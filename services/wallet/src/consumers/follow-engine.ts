import { partitionOf } from "@bourse/bus";
import {
  type CommandCompleted,
  type EventOf,
  type ExecutionReport,
  type TradeExecuted,
  tradeEvents,
  walletEvents,
} from "@bourse/contracts";
import type { Effects, Envelope, OutgoingEvent, Unit } from "@bourse/delivery";
import type { LedgerBatch } from "@bourse/ledger";
import type { Statement } from "@bourse/store";
import { sql, sqlArray } from "@bourse/store";
import { type SettledTrade, Settlement } from "../domain/settlement.ts";
import { fundsEvents } from "../funds-events.ts";
import { type BalanceKey, balanceKeys } from "../sql/balance-rows.ts";
import { insertTrades, insertTransfers } from "../sql/journal-rows.ts";
import { instrumentOf, type Wallet } from "../wallet.ts";
import { factsOfReport, tradeOf } from "./decode-facts.ts";

type Report = EventOf<typeof ExecutionReport>;
type Executed = EventOf<typeof TradeExecuted>;
type Completed = EventOf<typeof CommandCompleted>;
type Refused = Completed & { readonly orderId: string; readonly symbol: string; readonly accountId: string };

/** What of the engine's output concerns money: trades settle, reports move holds, refused amends free their raise. */
type Fact = { readonly partition: number } & (
  | { readonly kind: "trade"; readonly event: Executed }
  | { readonly kind: "report"; readonly event: Report }
  | { readonly kind: "refused"; readonly event: Refused }
);

/**
 * Settles trades and follows reports, a batch in one transaction: apply the facts in memory in the order in which they
 * came, write one net row of each balance and hold (R13), publish what was settled and released.
 */
export async function followEngine(wallet: Wallet, batch: readonly Envelope[], unit: Unit): Promise<Effects> {
  const facts = batch.flatMap(factOf);
  const [first] = facts;
  if (first === undefined) return { statements: [], events: [], result: undefined };
  const rows = await wallet.desk.open(unit, {
    balances: balanceKeys(facts.flatMap((fact) => balancesOf(wallet, fact))),
    holds: new Set(facts.flatMap(ordersOf)),
    partition: first.partition,
  });
  const { ledger } = rows;
  const settlement = new Settlement(ledger, rows.holds);
  for (const fact of facts) apply(settlement, fact, wallet);

  const settled = settlement.settled();
  const short = settled.filter(({ shortfalls }) => shortfalls.length > 0);
  wallet.metrics.trades.inc(settled.length);
  wallet.metrics.shortfalls.inc(short.length);
  return {
    statements: [
      ...(await rows.writes(settlement.touched())),
      ...insertTransfers(ledger.posted(), first.partition, unit.nowMs),
      ...insertTrades(settled, unit.nowMs),
      ...blockAccounts(short),
    ],
    events: [
      ...settled.map(tradeSettled),
      ...short.flatMap((each) => accountShort(each, ledger)),
      ...fundsEvents(ledger, wallet.reference),
    ],
    result: undefined,
  };
}

function apply(settlement: Settlement, fact: Fact, wallet: Wallet): void {
  const instrument = instrumentOf(wallet, fact.event.symbol);
  if (fact.kind === "trade") {
    settlement.trade(tradeOf(fact.event, fact.partition, instrument));
    return;
  }
  const { orderId, requestId } = fact.event;
  if (fact.kind === "refused") {
    settlement.amendRefused(orderId, requestId, instrument);
    return;
  }
  const { outcome, execType } = fact.event;
  const isNew = execType === "NEW";
  settlement.report({
    orderId,
    requestId,
    outcome,
    isNew,
    instrument,
    facts: factsOfReport(fact.event, instrument),
  });
}

function factOf({ event: decoded, partition }: Envelope): Fact[] {
  const event = decoded as
    | Executed
    | Report
    | Completed
    | { eventType: "TradeSettled" | "MarketStatusChanged" };
  if (event.eventType === "TradeExecuted") return [{ kind: "trade", event, partition }];
  if (event.eventType === "ExecutionReport") return [{ kind: "report", event, partition }];
  if (event.eventType !== "CommandCompleted" || event.accepted) return [];
  const { orderId, symbol, accountId } = event;
  if (orderId === undefined || symbol === undefined || accountId === undefined) return [];
  return [{ kind: "refused", event: { ...event, orderId, symbol, accountId }, partition }];
}

function ordersOf(fact: Fact): string[] {
  return fact.kind === "trade" ? [fact.event.buyer.orderId, fact.event.seller.orderId] : [fact.event.orderId];
}

function balancesOf(wallet: Wallet, fact: Fact): BalanceKey[] {
  if (fact.kind === "trade") {
    const { buyer, seller, baseAsset, quoteAsset } = fact.event;
    return [buyer.accountId, seller.accountId].flatMap((accountId) => [
      { accountId, asset: baseAsset },
      { accountId, asset: quoteAsset },
    ]);
  }
  const { baseAsset, quoteAsset } = instrumentOf(wallet, fact.event.symbol);
  const { accountId } = fact.event;
  if (fact.kind === "refused")
    return [
      { accountId, asset: baseAsset },
      { accountId, asset: quoteAsset },
    ];
  if (fact.event.execType === "NEW") return [];
  return [{ accountId, asset: fact.event.side === "BUY" ? quoteAsset : baseAsset }];
}

function tradeSettled({ trade, shortfalls }: SettledTrade): OutgoingEvent<typeof tradeEvents> {
  const { tradeId, partition, buyer, seller } = trade;
  const { symbol } = trade.instrument;
  return {
    topic: tradeEvents,
    key: symbol,
    partition,
    event: {
      eventType: "TradeSettled",
      tradeId,
      symbol,
      buyerAccountId: buyer.accountId,
      sellerAccountId: seller.accountId,
      shortfall: shortfalls.length > 0,
    },
  };
}

function accountShort(
  { trade, shortfalls }: SettledTrade,
  ledger: LedgerBatch,
): OutgoingEvent<typeof walletEvents>[] {
  const { instrument, tradeId } = trade;
  return shortfalls.map(({ accountId, asset, amountUnits }) => {
    const format = asset === instrument.quoteAsset ? instrument.formatQuoteUnits : instrument.formatBaseUnits;
    const balance = ledger.balance(accountId, asset);
    return {
      topic: walletEvents,
      key: accountId,
      partition: partitionOf(accountId, walletEvents.partitions),
      event: {
        eventType: "AccountShort",
        accountId,
        asset,
        amount: format(amountUnits),
        available: format(balance.availableUnits),
        held: format(balance.heldUnits),
        tradeId,
      },
    };
  });
}

/** R11: an account that could not pay is blocked until someone looks. */
function blockAccounts(short: readonly SettledTrade[]): Statement[] {
  if (short.length === 0) return [];
  const accountIds = [
    ...new Set(short.flatMap(({ shortfalls }) => shortfalls.map(({ accountId }) => accountId))),
  ].sort();
  return [
    sql`UPDATE accounts SET status = 'BLOCKED' WHERE account_id = ANY (${sqlArray(accountIds)}::text[])`,
  ];
}
