import type { Invariant, InvariantReport } from "@bourse/host";
import { type Rows, sql } from "@bourse/store";
import type { TradeProcessor } from "./trade-processor.ts";

const LISTED = 20;

/** What must hold of results on a quiet platform. Of trades that went into a sink only their number is here. */
export const processorInvariants: readonly Invariant<TradeProcessor>[] = [
  {
    name: "positions-equal-trades",
    rule: "each position's quantity, fees, realised profit and trade count are the sums of its trades",
    check: positionsEqualTrades,
  },
  {
    name: "cash-equals-profit",
    rule: "each position's cash flow, fees included, equals its realised profit less the cost of what is open",
    check: cashEqualsProfit,
  },
  {
    name: "open-lots-sum-to-quantity",
    rule: "with FIFO and LIFO, each position's open lots sum to its quantity and cost; with average cost there are no lots",
    check: openLotsSumUp,
  },
];

/** Of a sink's trades there are no rows to be summed. */
const SUMS = sql`SELECT client_id, symbol FROM positions p FULL JOIN (
    SELECT client_id, symbol, sum(side * quantity) AS quantity, sum(fee) AS fees, sum(realised) AS realised, count(*) AS trades
    FROM trades GROUP BY 1, 2) t USING (client_id, symbol)
  WHERE (p.quantity, p.fees, p.realised, p.trades) IS DISTINCT FROM (t.quantity, t.fees, t.realised, t.trades)
  ORDER BY client_id, symbol LIMIT 20`;

const CASH = sql`SELECT p.client_id, p.symbol FROM positions p JOIN (
    SELECT client_id, symbol, sum(-side * notional - fee) AS cash FROM trades GROUP BY 1, 2) t USING (client_id, symbol)
  WHERE p.realised - p.cost <> t.cash ORDER BY p.client_id, p.symbol LIMIT 20`;

const LOTS = sql`SELECT p.client_id, p.symbol FROM positions p JOIN instruments i USING (symbol) LEFT JOIN (
    SELECT client_id, symbol, sum(quantity) AS quantity, sum(quantity * price) AS cost FROM open_lots GROUP BY 1, 2) l
    USING (client_id, symbol)
  WHERE CASE p.method WHEN 'AVERAGE' THEN l.quantity IS NOT NULL
    ELSE coalesce(l.quantity, 0) * power(10::numeric, i.quantity_scale) <> abs(p.quantity)
      OR coalesce(l.cost, 0) * power(10::numeric, i.amount_scale) <> abs(p.cost) END
    OR sign(p.cost) <> sign(p.quantity)
  ORDER BY p.client_id, p.symbol LIMIT 20`;

async function positionsEqualTrades(service: TradeProcessor): Promise<InvariantReport> {
  if (service.sink !== null) return { checked: 0, violations: [] };
  return report(service, await service.store.scan(SUMS), "is not the sum of its trades");
}

async function cashEqualsProfit(service: TradeProcessor): Promise<InvariantReport> {
  if (service.sink !== null) return { checked: 0, violations: [] };
  return report(
    service,
    await service.store.scan(CASH),
    "has realised something else than its trades brought",
  );
}

async function openLotsSumUp(service: TradeProcessor): Promise<InvariantReport> {
  return report(
    service,
    await service.store.scan(LOTS),
    "has open lots that are not what is open, or a cost of the other sign",
  );
}

async function report({ store }: TradeProcessor, wrong: Rows, what: string): Promise<InvariantReport> {
  const [row] = await store.scan(sql`SELECT count(*) AS positions FROM positions`);
  return {
    checked: Number(row?.positions),
    violations: wrong
      .slice(0, LISTED)
      .map((each) => `the position of ${each.client_id} in ${each.symbol} ${what}`),
  };
}
