import { hash } from "node:crypto";
import { decimalUnits } from "@bourse/base";
import { tradeEvents } from "@bourse/contracts";
import { cutPartitions, replayTopic } from "@bourse/delivery";
import { Findings, type IdRange, type InvariantReport, idRange, isInRange } from "@bourse/host";
import { type Row, sql, sqlArray } from "@bourse/store";
import { instrumentOf, type Wallet } from "./wallet.ts";

/**
 * Trades of a partition that are compared at once, in memory. More are compared one range after the other, also because a
 * larger map moves all its entries in one turn when it grows.
 */
const TRADES_AT_ONCE = 500_000;

/**
 * Compares every TradeExecuted of the topic with its row, amounts included, and with its TradeSettled; and their counts,
 * unless retention has dropped the trades of old rows.
 */
export async function settlementsMatchTrades(
  wallet: Wallet,
  { after, most = TRADES_AT_ONCE }: { readonly after: string | undefined; readonly most?: number },
): Promise<InvariantReport> {
  const findings = new Findings();
  const range = idRange(after, { count: await countOfLargest(wallet), most });
  const cut = await cutPartitions(wallet.bus, tradeEvents);
  let settled = 0;
  for (let partition = 0; partition < tradeEvents.partitions; partition++)
    settled += await comparePartition(wallet, { partition, range, cut: cut[partition] === true, findings });
  if (cut.includes(true)) return findings.report(range.next);
  const rows = await countIn(wallet, range);
  const executed = findings.checked;
  if (rows !== executed) findings.add(`there are ${rows} settlements for ${executed} trades`);
  if (settled !== rows) findings.add(`there are ${settled} TradeSettled events for ${rows} settlements`);
  return findings.report(range.next);
}

interface Comparison {
  readonly partition: number;
  readonly range: IdRange;
  /** Retention has dropped its beginning. */
  readonly cut: boolean;
  readonly findings: Findings;
}

/** A trade and its settlement are in the same partition. Returns how many trades have a TradeSettled. */
async function comparePartition(
  wallet: Wallet,
  { partition, range, cut, findings }: Comparison,
): Promise<number> {
  // R6: after a restore, trades are settled and published again, in a new epoch; within one epoch only once.
  const settled = new Map<string, number>();
  const untold = new Set<string>();
  for await (const batch of replayTopic(wallet.bus, tradeEvents, partition)) {
    const settledIds: string[] = [];
    const trades = new Map<string, string>();
    for (const { event, epoch } of batch) {
      const { tradeId } = event;
      if (!isInRange(range, evenId(tradeId))) continue;
      if (event.eventType === "TradeSettled") {
        settledIds.push(tradeId);
        untold.delete(tradeId);
        if (settled.get(tradeId) === epoch) findings.add(`trade ${tradeId} has two TradeSettled events`);
        settled.set(tradeId, epoch);
      } else {
        trades.set(tradeId, JSON.stringify(amountsOfEvent(wallet, event)));
        // In a topic that was refilled, wallet's events may come before matching's (R4).
        if (!settled.has(tradeId)) untold.add(tradeId);
      }
    }
    findings.checked += trades.size;
    await compareRows(wallet, trades, settledIds, findings);
  }
  // Retention may have dropped one that came before its trade; one that was never sent would be a gap in the numbers (R4).
  if (!cut) for (const tradeId of untold) findings.add(`trade ${tradeId} has no TradeSettled event`);
  return settled.size;
}

/** Compares the amounts of trades with their rows, and checks that published settlements have rows. */
async function compareRows(
  wallet: Wallet,
  trades: ReadonlyMap<string, string>,
  settledIds: readonly string[],
  findings: Findings,
): Promise<void> {
  if (trades.size === 0 && settledIds.length === 0) return;
  const rows = await wallet.store.query(sql`
    SELECT * FROM trade_entries WHERE trade_id = ANY (${sqlArray([...trades.keys(), ...settledIds])}::text[]) ORDER BY trade_id`);
  const entries = new Map(rows.map((row) => [String(row.trade_id), row]));
  for (const [tradeId, expected] of trades) {
    const row = entries.get(tradeId);
    if (row === undefined) findings.add(`trade ${tradeId} has no settlement`);
    else if (JSON.stringify(amountsOfRow(row)) !== expected)
      findings.add(`the settlement of ${tradeId} has other amounts than the trade`);
  }
  for (const tradeId of settledIds)
    if (!entries.has(tradeId)) findings.add(`TradeSettled of ${tradeId} has no settlement behind it`);
}

/** Trade ids are counted up; of their hashes a range has its share. As in `countIn`. */
function evenId(tradeId: string): string {
  return hash("sha256", tradeId, "hex").slice(0, 32);
}

async function countIn({ store }: Wallet, { after, to }: IdRange): Promise<number> {
  const [row] = await store.scan(sql`
    SELECT count(*) AS n FROM (
      SELECT left(encode(sha256(convert_to(trade_id, 'UTF8')), 'hex'), 32)::uuid AS even_id FROM trade_entries
    ) AS ids WHERE even_id > ${after}::uuid AND even_id <= ${to}::uuid`);
  return Number(row?.n ?? 0);
}

async function countOfLargest({ store }: Wallet): Promise<number> {
  const [row] = await store.scan(sql`
    SELECT coalesce(max(n), 0) AS n FROM (SELECT count(*) AS n FROM trade_entries GROUP BY partition) AS partitions`);
  return Number(row?.n ?? 0);
}

interface Executed {
  readonly symbol: string;
  readonly quantity: string;
  readonly notional: string;
  readonly buyer: { readonly accountId: string; readonly fee: string };
  readonly seller: { readonly accountId: string; readonly fee: string };
}

function amountsOfEvent(wallet: Wallet, event: Executed): readonly string[] {
  const instrument = instrumentOf(wallet, event.symbol);
  const quote = (text: string): string => decimalUnits(text, instrument.quoteScale).toString();
  const quantity = decimalUnits(event.quantity, instrument.baseScale).toString();
  const { buyer, seller } = event;
  return [
    buyer.accountId,
    seller.accountId,
    quantity,
    quote(event.notional),
    quote(buyer.fee),
    quote(seller.fee),
  ];
}

function amountsOfRow(row: Row): readonly string[] {
  return ["buyer_account", "seller_account", "quantity", "notional", "buyer_fee", "seller_fee"].map(
    (column) => String(row[column]),
  );
}
