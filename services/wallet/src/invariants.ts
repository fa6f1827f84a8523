import type { Invariant, InvariantReport } from "@bourse/host";
import { type Row, sql } from "@bourse/store";
import { requiredUnits } from "./domain/hold.ts";
import { settlementsMatchTrades } from "./settlements-match-trades.ts";
import { orderIdOf, readHolds } from "./sql/hold-rows.ts";
import { instrumentOf, type Wallet } from "./wallet.ts";

/** What must hold for the money on a quiet platform. */
export const walletInvariants: readonly Invariant<Wallet>[] = [
  { name: "journals-balance", rule: "each journal balances in each asset", check: journalsBalance },
  {
    name: "assets-sum-to-zero",
    rule: "for each asset, customer balances, fee income, clearing, suspense and external balances sum to zero",
    check: assetsSumToZero,
  },
  {
    name: "balances-equal-postings",
    rule: "each balance equals the sum of its postings",
    check: balancesEqualPostings,
  },
  {
    name: "balances-not-negative",
    rule: "no available or held balance is negative",
    check: balancesNotNegative,
  },
  {
    name: "holds-equal-formula",
    rule: "each hold equals what R11's formula requires for its order",
    check: holdsEqualFormula,
  },
  {
    name: "held-equals-holds",
    rule: "each held balance is the sum of its open holds",
    check: heldEqualsHolds,
  },
  {
    name: "one-settlement-per-trade",
    rule: "each trade has exactly one settlement, with the trade's amounts, and one TradeSettled",
    check: (wallet, after) => settlementsMatchTrades(wallet, { after }),
  },
];

const LISTED = 20;

function reportOf(checked: number, rows: readonly Row[], words: (row: Row) => string): InvariantReport {
  return { checked, violations: rows.map(words) };
}

async function countOf(
  wallet: Wallet,
  table: "balances" | "transfer_entries" | "trade_entries",
): Promise<number> {
  const counts = {
    balances: sql`SELECT count(*) AS n FROM balances`,
    transfer_entries: sql`SELECT count(*) AS n FROM transfer_entries`,
    trade_entries: sql`SELECT count(*) AS n FROM trade_entries`,
  };
  const [row] = await wallet.store.scan(counts[table]);
  return Number(row?.n ?? 0);
}

async function journalsBalance(wallet: Wallet): Promise<InvariantReport> {
  const checked = (await countOf(wallet, "transfer_entries")) + (await countOf(wallet, "trade_entries"));
  const rows = await wallet.store.scan(sql`
    SELECT journal_id, asset, sum(amount) AS difference FROM postings
    GROUP BY journal_id, asset HAVING sum(amount) <> 0 OR sum(amount) IS NULL ORDER BY journal_id, asset LIMIT ${LISTED}::integer`);
  return reportOf(
    checked,
    rows,
    (row) => `journal ${row.journal_id} is off by ${row.difference} in ${row.asset}`,
  );
}

/** Customers' side from the balances, the venue's from the journal: two sources that must agree. */
async function assetsSumToZero(wallet: Wallet): Promise<InvariantReport> {
  const sums = await wallet.store.scan(sql`
    SELECT asset, sum(units) AS difference FROM (
      SELECT asset, available + held AS units FROM balances
      UNION ALL
      SELECT asset, amount FROM postings WHERE ledger NOT IN ('AVAILABLE', 'HELD')
    ) AS everything GROUP BY asset ORDER BY asset`);
  const off = sums.filter((row) => BigInt(String(row.difference)) !== 0n);
  return reportOf(
    sums.length,
    off,
    (row) => `${row.asset} sums to ${row.difference} minor units, not to zero`,
  );
}

async function balancesEqualPostings(wallet: Wallet): Promise<InvariantReport> {
  const rows = await wallet.store.scan(sql`
    SELECT coalesce(b.account_id, p.owner) AS account_id, coalesce(b.asset, p.asset) AS asset, b.available, b.held,
      p.available AS posted_available, p.held AS posted_held
    FROM balances b
    FULL JOIN (
      SELECT owner, asset, coalesce(sum(amount) FILTER (WHERE ledger = 'AVAILABLE'), 0) AS available,
        coalesce(sum(amount) FILTER (WHERE ledger = 'HELD'), 0) AS held
      FROM postings WHERE ledger IN ('AVAILABLE', 'HELD') GROUP BY owner, asset
    ) AS p ON p.owner = b.account_id AND p.asset = b.asset
    WHERE coalesce(b.available, 0) <> coalesce(p.available, 0) OR coalesce(b.held, 0) <> coalesce(p.held, 0)
    ORDER BY 1, 2 LIMIT ${LISTED}::integer`);
  return reportOf(await countOf(wallet, "balances"), rows, (row) => {
    const has = `${row.available} available and ${row.held} held`;
    return `${row.account_id} has ${has} of ${row.asset}; posted were ${row.posted_available} and ${row.posted_held}`;
  });
}

async function balancesNotNegative(wallet: Wallet): Promise<InvariantReport> {
  const rows = await wallet.store.scan(sql`
    SELECT account_id, asset, available, held FROM balances
    WHERE available < 0 OR held < 0 OR available = 'NaN' OR held = 'NaN' ORDER BY account_id, asset LIMIT ${LISTED}::integer`);
  return reportOf(
    await countOf(wallet, "balances"),
    rows,
    (row) => `${row.account_id} has ${row.available} available and ${row.held} held of ${row.asset}`,
  );
}

const PAGE = 5_000;

async function holdsEqualFormula(wallet: Wallet): Promise<InvariantReport> {
  const violations: string[] = [];
  let checked = 0;
  let after = "00000000000000000000000000000000";
  for (;;) {
    const rows = await wallet.store.query(sql`
      SELECT * FROM holds WHERE order_id > ${after}::uuid AND account_id <> '' ORDER BY order_id LIMIT ${PAGE}::integer`);
    for (const hold of readHolds(rows)) {
      checked++;
      const required = requiredUnits(hold, instrumentOf(wallet, hold.symbol));
      if (hold.heldUnits === required || violations.length >= LISTED) continue;
      violations.push(
        `the hold of order ${hold.orderId} is ${hold.heldUnits} ${hold.asset} units; its facts ask for ${required}`,
      );
    }
    const last = rows.at(-1);
    if (last === undefined) return { checked, violations };
    after = orderIdOf(last.order_id);
  }
}

async function heldEqualsHolds(wallet: Wallet): Promise<InvariantReport> {
  const rows = await wallet.store.scan(sql`
    SELECT coalesce(b.account_id, h.account_id) AS account_id, coalesce(b.asset, h.asset) AS asset,
      coalesce(b.held, 0) AS held, coalesce(h.held, 0) AS in_holds
    FROM balances b
    FULL JOIN (SELECT account_id, asset, sum(held) AS held FROM holds WHERE held > 0 GROUP BY account_id, asset) AS h
      ON h.account_id = b.account_id AND h.asset = b.asset
    WHERE coalesce(b.held, 0) <> coalesce(h.held, 0) ORDER BY 1, 2 LIMIT ${LISTED}::integer`);
  return reportOf(
    await countOf(wallet, "balances"),
    rows,
    (row) => `${row.account_id} has ${row.held} of ${row.asset} held; its holds sum to ${row.in_holds}`,
  );
}
