import { formatDecimal, present } from "@bourse/base";
import {
  HoldBatch,
  HoldBatchAnswer,
  type HoldOutcome,
  type HoldRaise,
  HoldRelease,
  type HoldRequest,
  OpenHoldsAnswer,
  OpenHoldsQuery,
  OrphanAnswer,
  OrphanQuery,
} from "@bourse/contracts";
import type { Effects, Unit } from "@bourse/delivery";
import type { Route } from "@bourse/host";
import { LedgerBatch } from "@bourse/ledger";
import { type Statement, sql, sqlArray } from "@bourse/store";
import { Type } from "typebox";
import { type OrderHold, requiredUnits } from "../domain/hold.ts";
import {
  type HoldDecision,
  type HoldDesk,
  type NewHold,
  type NewRaise,
  placeHold,
  raiseHold,
} from "../domain/place-holds.ts";
import { fundsEvents } from "../funds-events.ts";
import {
  addToBalances,
  type BalanceKey,
  balanceKeys,
  lockBalances,
  readBalances,
} from "../sql/balance-rows.ts";
import { type HoldRow, insertClosedHolds, orderIdOf, readHolds, updateHolds } from "../sql/hold-rows.ts";
import { insertTransfers } from "../sql/journal-rows.ts";
import { instrumentOf, type Wallet } from "../wallet.ts";

/** What order asks of wallet: hold, raise, release; and which holds may be orphans. All of them batches (R1). */
export const holdRoutes: readonly Route<Wallet>[] = [
  {
    method: "POST",
    path: "/internal/holds",
    summary: "Hold funds for a batch of orders and amends, by order id; answers in request order",
    access: "internal",
    body: HoldBatch,
    bodyLimit: 4 * 1024 * 1024,
    answers: { 200: HoldBatchAnswer },
    handle: async (wallet, request) => ({
      status: 200,
      body: await placeHolds(wallet, request.body as HoldBatch),
    }),
  },
  {
    method: "POST",
    path: "/internal/holds/release",
    summary:
      "Release holds and raises that no accepted order stands behind; each id leaves a closed one (R10)",
    access: "internal",
    body: HoldRelease,
    bodyLimit: 4 * 1024 * 1024,
    answers: { 200: Type.Object({ released: Type.Integer() }) },
    handle: async (wallet, request) => ({
      status: 200,
      body: { released: await release(wallet, request.body as HoldRelease) },
    }),
  },
  {
    method: "GET",
    path: "/internal/holds/orphans",
    summary: "Holds and raises older than a time that no execution report has touched",
    access: "internal",
    query: OrphanQuery,
    answers: { 200: OrphanAnswer },
    handle: async (wallet, { query }) => ({
      status: 200,
      body: await orphans(wallet, query as { createdBeforeMs: number; limit: number }),
    }),
  },
  {
    method: "GET",
    path: "/internal/holds/open",
    summary: "Open holds by order id, a page at a time",
    access: "internal",
    query: OpenHoldsQuery,
    answers: { 200: OpenHoldsAnswer },
    handle: async (wallet, { query }) => ({
      status: 200,
      body: await openHolds(wallet, query as { after?: string; limit: number }),
    }),
  },
];

async function placeHolds(wallet: Wallet, ask: HoldBatch): Promise<HoldBatchAnswer> {
  const { result } = await wallet.desk.inTurn(() =>
    wallet.delivery.commit("place holds", (unit) => decideHolds(wallet, ask, unit)),
  );
  for (const outcome of result.holds) wallet.metrics.holds.inc({ outcome: outcome.status });
  return result;
}

async function decideHolds(wallet: Wallet, ask: HoldBatch, unit: Unit): Promise<Effects<HoldBatchAnswer>> {
  const asks = [...ask.holds, ...ask.raises];
  const rows = await wallet.desk.open(unit, {
    balances: balanceKeys(asks.flatMap((each) => balancesOf(wallet, each))),
    holds: ask.raises.map((each) => each.orderId),
    newHolds: ask.holds.map((each) => each.orderId),
    accounts: new Set(asks.map((each) => each.accountId)),
    partition: 0,
  });
  const desk: HoldDesk = {
    nowMs: unit.nowMs,
    accounts: rows.accounts,
    holds: rows.holds,
    closedRaises: await closedRaises(ask.raises, unit),
    ledger: rows.ledger,
  };
  const holds = ask.holds.map((each) => outcomeOf(wallet, placeHold(desk, newHold(wallet, each))));
  const raises = ask.raises.map((each) => outcomeOf(wallet, raiseHold(desk, newRaise(wallet, each))));
  if ([...holds, ...raises].some((outcome) => outcome.status === "refused")) wallet.desk.confirm();
  // A raise of nothing changes no balance, yet the hold must know that it is pending.
  const raised = ask.raises
    .filter((_, index) => raises[index]?.status === "held")
    .map((raise) => raise.orderId);
  return {
    statements: [
      ...(await rows.writes(changedHolds(desk, raised))),
      ...insertTransfers(desk.ledger.posted(), 0, unit.nowMs),
    ],
    events: fundsEvents(desk.ledger, wallet.reference),
    result: { holds, raises },
  };
}

function newHold(wallet: Wallet, each: HoldRequest): NewHold {
  const { orderId, accountId, side, makerFeePpm, takerFeePpm } = each;
  const instrument = instrumentOf(wallet, each.symbol);
  return {
    orderId,
    accountId,
    instrument,
    side,
    quantityLots: instrument.decodeQuantity(each.quantity),
    boundTicks: instrument.decodePrice(each.worstPrice),
    maxFeePpm: Math.max(makerFeePpm, takerFeePpm, 0),
  };
}

function newRaise(wallet: Wallet, each: HoldRaise): NewRaise {
  const { requestId, orderId, accountId } = each;
  const instrument = instrumentOf(wallet, each.symbol);
  const quantityLots = instrument.decodeQuantity(each.newQuantity);
  const boundTicks = instrument.decodePrice(each.newWorstPrice);
  return { requestId, orderId, accountId, instrument, quantityLots, boundTicks };
}

function changedHolds(desk: Pick<HoldDesk, "holds" | "ledger">, raised: readonly string[]): OrderHold[] {
  const orderIds = new Set([...desk.ledger.changedHolds().map((changed) => changed.holdId), ...raised]);
  return [...orderIds].map((orderId) => present(desk.holds.get(orderId), "a hold that was placed or raised"));
}

/** Those of the raises that were given up before (R10). */
async function closedRaises(raises: readonly HoldRaise[], unit: Unit): Promise<ReadonlySet<string>> {
  if (raises.length === 0) return new Set();
  const requestIds = sqlArray(raises.map((raise) => raise.requestId));
  const [rows = []] = await unit.run([
    sql`SELECT request_id FROM closed_raises WHERE request_id = ANY (${requestIds}::text[])`,
  ]);
  return new Set(rows.map((row) => String(row.request_id)));
}

function balancesOf(
  wallet: Wallet,
  each: { accountId: string; symbol: string; side?: "BUY" | "SELL" },
): BalanceKey[] {
  const { baseAsset, quoteAsset } = instrumentOf(wallet, each.symbol);
  const { accountId, side } = each;
  if (side === "BUY") return [{ accountId, asset: quoteAsset }];
  if (side === "SELL") return [{ accountId, asset: baseAsset }];
  return [
    { accountId, asset: baseAsset },
    { accountId, asset: quoteAsset },
  ];
}

function outcomeOf(wallet: Wallet, decision: HoldDecision): HoldOutcome {
  if (decision.status === "held") return { status: "held" };
  if (decision.code !== "insufficient_funds") return { status: "refused", code: decision.code };
  const scale = wallet.reference.asset(decision.asset)?.scale ?? 0;
  return {
    status: "refused",
    code: decision.code,
    asset: decision.asset,
    required: formatDecimal(decision.requiredUnits, scale),
    available: formatDecimal(decision.availableUnits, scale),
  };
}

/** Only what the engine has never touched is released here: anything else follows its reports. */
async function release(wallet: Wallet, ask: HoldRelease): Promise<number> {
  const keys = balanceKeys(await balancesBehind(wallet, ask));
  const committed = await wallet.delivery.commit("release holds", async (unit) => {
    const [balanceRows = [], holdRows = []] = await unit.run([lockBalances(keys), lockReleased(ask)]);
    const { balances, versions } = readBalances(keys, balanceRows);
    const { facts, ledger: ledgerHolds, known } = readHolds(holdRows);
    const holdVersions = new Map(known.map(({ hold, version }) => [hold.orderId, version]));
    const ledger = new LedgerBatch({ balances, holds: ledgerHolds, partition: 0 });
    for (const hold of facts.values()) releaseOne(wallet, hold, ask, ledger);
    const missing = ask.orderIds.filter((orderId) => !facts.has(orderId));
    const rows = [...facts.values()].map((hold): HoldRow => [hold, heldUnits(ledger, hold.orderId)]);
    return {
      statements: [
        ...addToBalances(ledger.netRows(), versions),
        ...updateHolds(rows, ([hold]) => present(holdVersions.get(hold.orderId), "a hold that is locked")),
        ...insertClosedHolds(missing, unit.nowMs),
        ...insertTransfers(ledger.posted(), 0, unit.nowMs),
        ...closeRaises(ask.raiseRequestIds, unit.nowMs),
      ],
      events: fundsEvents(ledger, wallet.reference),
      result: { released: ledger.posted().length, touched: [...ask.orderIds, ...facts.keys()] },
    };
  });
  wallet.desk.forget({ balances: keys, holds: committed.result.touched });
  return committed.result.released;
}

function releaseOne(wallet: Wallet, hold: OrderHold, ask: HoldRelease, ledger: LedgerBatch): void {
  if (hold.accountId === "") return;
  if (hold.engineSequence === 0 && ask.orderIds.includes(hold.orderId)) {
    hold.done = true;
    hold.leavesLots = 0;
    ledger.closeHold(hold.orderId);
  }
  if (hold.pending === null || !ask.raiseRequestIds.includes(hold.pending.requestId)) return;
  const cause = `free/${hold.pending.requestId}`;
  hold.pending = null;
  if (ledger.hold(hold.orderId)?.status !== "OPEN") return;
  ledger.resizeHold(hold.orderId, requiredUnits(hold, instrumentOf(wallet, hold.symbol)), cause);
}

function heldUnits(ledger: LedgerBatch, orderId: string): bigint {
  const hold = ledger.hold(orderId);
  return hold?.status === "OPEN" ? hold.heldUnits : 0n;
}

function lockReleased(ask: HoldRelease): Statement {
  return sql`
    SELECT * FROM holds
    WHERE order_id = ANY (${sqlArray(ask.orderIds)}::uuid[]) OR pending_request = ANY (${sqlArray(ask.raiseRequestIds)}::text[])
    ORDER BY order_id FOR UPDATE`;
}

function closeRaises(requestIds: readonly string[], nowMs: number): Statement[] {
  if (requestIds.length === 0) return [];
  return [
    sql`
      INSERT INTO closed_raises (request_id, created_ms)
      SELECT r, ${nowMs}::bigint FROM unnest(${sqlArray([...requestIds].sort())}::text[]) AS n (r)
      ON CONFLICT DO NOTHING`,
  ];
}

/** Whose balances a release will touch: read first, since balances are locked before holds (R13). */
async function balancesBehind(wallet: Wallet, ask: HoldRelease): Promise<BalanceKey[]> {
  const rows = await wallet.store.query(sql`
    SELECT DISTINCT account_id, asset FROM holds
    WHERE (order_id = ANY (${sqlArray(ask.orderIds)}::uuid[]) OR pending_request = ANY (${sqlArray(ask.raiseRequestIds)}::text[]))
      AND account_id <> ''
    ORDER BY account_id, asset`);
  return rows.map((row) => ({ accountId: String(row.account_id), asset: String(row.asset) }));
}

async function orphans(
  wallet: Wallet,
  ask: { createdBeforeMs: number; limit: number },
): Promise<OrphanAnswer> {
  const holds = await wallet.store.query(sql`
    SELECT order_id, account_id, symbol FROM holds
    WHERE NOT touched AND created_ms < ${ask.createdBeforeMs}::bigint
    ORDER BY created_ms, order_id LIMIT ${ask.limit}::integer`);
  const raises = await wallet.store.query(sql`
    SELECT pending_request, order_id, account_id FROM holds
    WHERE pending_request IS NOT NULL AND pending_created_ms < ${ask.createdBeforeMs}::bigint
    ORDER BY pending_created_ms, order_id LIMIT ${ask.limit}::integer`);
  return {
    holds: holds.map((row) => ({
      orderId: orderIdOf(row.order_id),
      accountId: String(row.account_id),
      symbol: String(row.symbol),
    })),
    raises: raises.map((row) => ({
      requestId: String(row.pending_request),
      orderId: orderIdOf(row.order_id),
      accountId: String(row.account_id),
    })),
  };
}

async function openHolds(wallet: Wallet, ask: { after?: string; limit: number }): Promise<OpenHoldsAnswer> {
  const rows = await wallet.store.query(sql`
    SELECT order_id, account_id, asset, held FROM holds
    WHERE held > 0 AND (${ask.after ?? null}::uuid IS NULL OR order_id > ${ask.after ?? null}::uuid)
    ORDER BY order_id LIMIT ${ask.limit}::integer`);
  return {
    holds: rows.map((row) => ({
      orderId: orderIdOf(row.order_id),
      accountId: String(row.account_id),
      asset: String(row.asset),
      held: formatDecimal(BigInt(String(row.held)), wallet.reference.asset(String(row.asset))?.scale ?? 0),
    })),
  };
}
