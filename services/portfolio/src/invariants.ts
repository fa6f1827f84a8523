import { portfolioEvents, tradeEvents } from "@bourse/contracts";
import { replayTopic } from "@bourse/delivery";
import { Findings, type Invariant, type InvariantReport } from "@bourse/host";
import { sql } from "@bourse/store";
import { executedOf, fillsOf, positionUpdated } from "./consumers/apply-trades.ts";
import {
  type AccountFill,
  type AccountPosition,
  applyFills,
  nameOf,
  type PositionKey,
} from "./domain/position-batch.ts";
import { instrumentOf, type Portfolio } from "./portfolio.ts";
import { readPositions, selectPage } from "./sql/position-rows.ts";

/** What must hold of positions on a quiet platform. */
export const portfolioInvariants: readonly Invariant<Portfolio>[] = [
  {
    name: "positions-equal-trades",
    rule: "each position equals a recomputation from its account's trades in trade-events",
    check: positionsEqualTrades,
  },
  {
    name: "quantities-sum-to-zero",
    rule: "the positions in each symbol sum to zero over all accounts",
    check: quantitiesSumToZero,
  },
  {
    name: "cash-sums-to-zero",
    rule: "the cash paid and received in each symbol, without fees, sums to zero over all accounts",
    check: cashSumsToZero,
  },
  {
    name: "open-lots-sum-to-quantity",
    rule: "with FIFO and LIFO, each position's open lots sum to its quantity and cost; with average cost there are no lots",
    check: openLotsSumUp,
  },
  {
    name: "positions-published",
    rule: "each position equals its last PositionUpdated",
    check: positionsPublished,
  },
];

const LISTED = 20;
const PAGE = 5_000;

async function* allPositions(service: Portfolio): AsyncGenerator<AccountPosition> {
  let after: PositionKey = { accountId: "", symbol: "" };
  for (;;) {
    const rows = await service.store.query(selectPage(after, PAGE));
    const page = readPositions(rows, (symbol) => instrumentOf(service, symbol));
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = last;
  }
}

/** Plain sums beside the fold: what no cost method can hide. */
interface Sums {
  quantityLots: bigint;
  feesUnits: bigint;
  trades: number;
}

async function positionsEqualTrades(service: Portfolio): Promise<InvariantReport> {
  const findings = new Findings();
  const cut = (await service.bus.offsets(tradeEvents.name)).some(({ earliest }) => earliest > 0n);
  // Of trades that retention has dropped there is nothing to sum.
  if (cut) return findings.report();
  const folded = new Map<string, AccountPosition>();
  const sums = new Map<string, Sums>();
  for (let partition = 0; partition < tradeEvents.partitions; partition++) {
    for await (const batch of replayTopic(service.bus, tradeEvents, partition)) {
      const fills = fillsOf(service, executedOf(batch));
      findings.checked += fills.length;
      for (const fill of fills) addTo(sums, fill);
      for (const { after } of applyFills((name) => folded.get(name), fills, service.method))
        folded.set(after.name, after);
    }
  }
  for await (const kept of allPositions(service)) {
    const { name } = kept;
    const expected = folded.get(name);
    const sum = sums.get(name);
    if (expected === undefined || sum === undefined) {
      findings.add(`${name} has a position and no trade in the topic`);
      continue;
    }
    folded.delete(name);
    for (const fault of differences(kept, expected, sum)) findings.add(`${name}: ${fault}`);
  }
  for (const name of folded.keys()) findings.add(`${name} has trades in the topic and no position`);
  return findings.report();
}

function addTo(sums: Map<string, Sums>, fill: AccountFill): void {
  const sum = sums.get(fill.name) ?? { quantityLots: 0n, feesUnits: 0n, trades: 0 };
  const lots = BigInt(fill.quantityLots);
  sum.quantityLots += fill.side === "BUY" ? lots : -lots;
  sum.feesUnits += fill.feeUnits;
  sum.trades += 1;
  sums.set(fill.name, sum);
}

function differences(kept: AccountPosition, expected: AccountPosition, sum: Sums): readonly string[] {
  const compared: readonly (readonly [string, bigint | number, bigint | number])[] = [
    ["quantity in lots", kept.position.quantityLots, sum.quantityLots],
    ["fees", kept.position.feesUnits, sum.feesUnits],
    ["trades", kept.trades, sum.trades],
    ["cost", kept.position.costUnits, expected.position.costUnits],
    ["realised profit", kept.position.realisedUnits, expected.position.realisedUnits],
  ];
  return compared
    .filter(([, given, wanted]) => given !== wanted)
    .map(([what, given, wanted]) => `${what} is ${given}, its trades make ${wanted}`);
}

async function quantitiesSumToZero({ store }: Portfolio): Promise<InvariantReport> {
  const rows = await store.scan(
    sql`SELECT symbol, sum(quantity_lots) AS lots FROM positions GROUP BY symbol ORDER BY symbol`,
  );
  const off = rows.filter((row) => BigInt(String(row.lots)) !== 0n);
  return {
    checked: rows.length,
    violations: off
      .slice(0, LISTED)
      .map((row) => `the positions in ${row.symbol} sum to ${row.lots} lots, not to zero`),
  };
}

/** realised + fees - cost is what an account got less what it paid, before fees. */
async function cashSumsToZero({ store }: Portfolio): Promise<InvariantReport> {
  const rows = await store.scan(
    sql`SELECT symbol, sum(realised + fees - cost) AS cash FROM positions GROUP BY symbol ORDER BY symbol`,
  );
  const off = rows.filter((row) => BigInt(String(row.cash)) !== 0n);
  return {
    checked: rows.length,
    violations: off
      .slice(0, LISTED)
      .map((row) => `the cash flows of ${row.symbol} sum to ${row.cash} minor units, not to zero`),
  };
}

async function openLotsSumUp(service: Portfolio): Promise<InvariantReport> {
  const findings = new Findings();
  for await (const each of allPositions(service)) {
    findings.checked++;
    const { method, quantityLots, costUnits, openLots, tickLotUnits } = each.position;
    const direction = quantityLots < 0n ? -1n : 1n;
    const lots = openLots.reduce((sum, lot) => sum + lot.quantityLots, 0n) * direction;
    const cost =
      openLots.reduce((sum, lot) => sum + lot.quantityLots * lot.priceTicks * tickLotUnits, 0n) * direction;
    if (method !== service.method)
      findings.add(`${each.name} is kept by ${method}, not by ${service.method}`);
    else if (method === "AVERAGE" ? openLots.length > 0 : lots !== quantityLots || cost !== costUnits)
      findings.add(
        `${each.name} has ${quantityLots} lots at ${costUnits}; its open lots are ${lots} at ${cost}`,
      );
    if (quantityLots === 0n && costUnits !== 0n)
      findings.add(`${each.name} is closed and has a cost of ${costUnits}`);
  }
  return findings.report();
}

async function positionsPublished(service: Portfolio): Promise<InvariantReport> {
  const findings = new Findings();
  const told = new Map<string, object>();
  for (let partition = 0; partition < portfolioEvents.partitions; partition++) {
    for await (const batch of replayTopic(service.bus, portfolioEvents, partition))
      for (const { event } of batch) {
        const { timestamp: _, ...fields } = event;
        told.set(nameOf(event), fields);
      }
  }
  const cut = (await service.bus.offsets(portfolioEvents.name)).some(({ earliest }) => earliest > 0n);
  for await (const each of allPositions(service)) {
    const event = told.get(each.name);
    if (event === undefined) {
      if (!cut) findings.add(`${each.name} was never published`);
      continue;
    }
    findings.checked++;
    told.delete(each.name);
    const wanted = JSON.stringify(positionUpdated(each, instrumentOf(service, each.symbol)).event);
    if (JSON.stringify(event) !== wanted)
      findings.add(`${each.name} was published as ${JSON.stringify(event)}, and is ${wanted}`);
  }
  for (const name of told.keys()) findings.add(`${name} was published and has no position`);
  return findings.report();
}
