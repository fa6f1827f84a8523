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
import type { BalanceKey, LedgerBatch } from "@bourse/ledger";
import type { CompiledInstrument } from "@bourse/market";
import type { Statement } from "@bourse/store";
import { sql, sqlArray } from "@bourse/store";
import { type SettledTrade, Settlement } from "../domain/settlement.ts";
import { fundsEvents } from "../funds-events.ts";
import type { Ask } from "../ledger-unit.ts";
import { insertTrades, insertTransfers } from "../sql/journal-rows.ts";
import { instrumentOf, type Wallet } from "../wallet.ts";
import { factsOfReport, tradeOf } from "./decode-facts.ts";

type Report = EventOf<typeof ExecutionReport>;
type Executed = EventOf<typeof TradeExecuted>;
type Completed = EventOf<typeof CommandCompleted>;
type Refused = Completed & { readonly orderId: string; readonly symbol: string; readonly accountId: string };

/** The engine's events that concern money: trades settle, reports change holds, refused amendments release their raise. */
type Fact = { readonly instrument: CompiledInstrument; readonly partition: number } & (
  | { readonly kind: "trade"; readonly event: Executed }
  | { readonly kind: "report"; readonly event: Report }
  | { readonly kind: "refused"; readonly event: Refused }
);

/**
 * Settles trades and follows reports, a batch in one transaction: it applies the facts in memory in the order of their
 * arrival, writes one net row of each balance and hold (R13), and publishes what was settled and released.
 */
export async function followEngine(wallet: Wallet, batch: readonly Envelope[], unit: Unit): Promise<Effects> {
  const facts: Fact[] = [];
  for (const envelope of batch) {
    const fact = factOf(wallet, envelope);
    if (fact !== null) facts.push(fact);
  }
  const [first] = facts;
  if (first === undefined) return { statements: [], events: [], result: undefined };
  const rows = await wallet.desk.open(unit, askOf(facts, first.partition));
  const { ledger } = rows;
  const settlement = new Settlement(ledger, rows.holds);
  for (const fact of facts) apply(settlement, fact);

  const settled = settlement.settled();
  const short = settled.filter(({ shortfalls }) => shortfalls.length > 0);
  wallet.metrics.trades.inc(settled.length);
  wallet.metrics.shortfalls.inc(short.length);
  return {
    statements: [
      ...(await rows.writes(settlement.touched())),
      ...insertTransfers(ledger.entries(), first.partition, unit.nowMs),
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

function factOf(wallet: Wallet, { event: decoded, partition }: Envelope): Fact | null {
  const event = decoded as
    | Executed
    | Report
    | Completed
    | { eventType: "TradeSettled" | "MarketStatusChanged" };
  switch (event.eventType) {
    case "TradeExecuted":
      return { kind: "trade", event, partition, instrument: instrumentOf(wallet, event.symbol) };
    case "ExecutionReport":
      return { kind: "report", event, partition, instrument: instrumentOf(wallet, event.symbol) };
    case "CommandCompleted":
      if (!isRefusedOrder(event)) return null;
      return { kind: "refused", event, partition, instrument: instrumentOf(wallet, event.symbol) };
    default:
      return null;
  }
}

function isRefusedOrder(event: Completed): event is Refused {
  const { accepted, orderId, symbol, accountId } = event;
  return !accepted && orderId !== undefined && symbol !== undefined && accountId !== undefined;
}

/** The rows that the facts may change; a report of a new order changes no balance. */
function askOf(facts: readonly Fact[], partition: number): Ask {
  const balances: BalanceKey[] = [];
  const holds: string[] = [];
  for (const { kind, event, instrument } of facts) {
    const { baseAsset, quoteAsset } = instrument;
    if (kind === "trade") {
      const { buyer, seller } = event;
      holds.push(buyer.orderId, seller.orderId);
      askBoth(balances, buyer.accountId, instrument);
      askBoth(balances, seller.accountId, instrument);
      continue;
    }
    const { orderId, accountId } = event;
    holds.push(orderId);
    if (kind === "refused") askBoth(balances, accountId, instrument);
    else if (event.execType !== "NEW")
      balances.push({ accountId, asset: event.side === "BUY" ? quoteAsset : baseAsset });
  }
  return { balances, holds, partition };
}

function askBoth(
  balances: BalanceKey[],
  accountId: string,
  { baseAsset, quoteAsset }: CompiledInstrument,
): void {
  balances.push({ accountId, asset: baseAsset }, { accountId, asset: quoteAsset });
}

function apply(settlement: Settlement, { kind, event, partition, instrument }: Fact): void {
  if (kind === "trade") {
    settlement.trade(tradeOf(event, partition, instrument));
    return;
  }
  const { orderId, requestId } = event;
  if (kind === "refused") {
    settlement.amendRefused(orderId, requestId, instrument);
    return;
  }
  settlement.report({
    orderId,
    requestId,
    outcome: event.outcome,
    isNew: event.execType === "NEW",
    instrument,
    facts: factsOfReport(event, instrument),
  });
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

/** R11: an account with a shortfall is blocked until an operator has dealt with it. */
function blockAccounts(short: readonly SettledTrade[]): Statement[] {
  if (short.length === 0) return [];
  const accountIds = [
    ...new Set(short.flatMap(({ shortfalls }) => shortfalls.map(({ accountId }) => accountId))),
  ].sort();
  return [
    sql`UPDATE accounts SET status = 'BLOCKED' WHERE account_id = ANY (${sqlArray(accountIds)}::text[])`,
  ];
}
