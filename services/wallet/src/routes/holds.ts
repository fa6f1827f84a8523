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
import { type BalanceKey, LedgerBatch } from "@bourse/ledger";
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
import type { Ask } from "../ledger-unit.ts";
import { addToBalances, balanceKeys, lockBalances, readBalances } from "../sql/balance-rows.ts";
import { insertClosedHolds, ledgerHold, orderIdOf, readHolds, updateHolds } from "../sql/hold-rows.ts";
import { insertTransfers } from "../sql/journal-rows.ts";
import { instrumentOf, scaleOf, type Wallet } from "../wallet.ts";

/** What order requests of wallet: hold, raise, release, and which holds may be orphans. All in batches (R1). */
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
  countOutcomes(wallet, result.holds);
  return result;
}

function countOutcomes(wallet: Wallet, outcomes: readonly HoldOutcome[]): void {
  const refused = outcomes.filter(isRefused).length;
  if (refused > 0) wallet.metrics.holds.inc({ outcome: "refused" }, refused);
  if (outcomes.length > refused) wallet.metrics.holds.inc({ outcome: "held" }, outcomes.length - refused);
}

function isRefused({ status }: HoldOutcome): boolean {
  return status === "refused";
}

async function decideHolds(wallet: Wallet, ask: HoldBatch, unit: Unit): Promise<Effects<HoldBatchAnswer>> {
  const rows = await wallet.desk.open(unit, rowsOf(wallet, ask));
  const desk: HoldDesk = {
    nowMs: unit.nowMs,
    accounts: rows.accounts,
    holds: rows.holds,
    closedRaises: await closedRaises(ask.raises, unit),
    ledger: rows.ledger,
  };
  const isAgain = ask.holds.some(({ orderId }) => rows.holds.has(orderId));
  const holds = ask.holds.map((each) => outcomeOf(wallet, placeHold(desk, newHold(wallet, each))));
  const raises = ask.raises.map((each) => outcomeOf(wallet, raiseHold(desk, newRaise(wallet, each))));
  if (isAgain || holds.some(isRefused) || raises.some(isRefused)) wallet.desk.confirm();
  // A raise of nothing changes no balance, yet the hold must know that it is pending.
  const raised = ask.raises
    .filter((_, index) => raises[index]?.status === "held")
    .map((raise) => raise.orderId);
  return {
    statements: [
      ...(await rows.writes(changedHolds(desk, raised))),
      ...insertTransfers(desk.ledger.entries(), 0, unit.nowMs),
    ],
    events: fundsEvents(desk.ledger, wallet.reference),
    result: { holds, raises },
  };
}

/** A hold is of one asset; the order of a raise may be of either side. */
function rowsOf(wallet: Wallet, { holds, raises }: HoldBatch): Ask {
  const balances: BalanceKey[] = [];
  const accounts: string[] = [];
  for (const { accountId, symbol, side } of holds) {
    const { baseAsset, quoteAsset } = instrumentOf(wallet, symbol);
    accounts.push(accountId);
    balances.push({ accountId, asset: side === "BUY" ? quoteAsset : baseAsset });
  }
  for (const { accountId, symbol } of raises) {
    const { baseAsset, quoteAsset } = instrumentOf(wallet, symbol);
    accounts.push(accountId);
    balances.push({ accountId, asset: baseAsset }, { accountId, asset: quoteAsset });
  }
  return {
    balances,
    holds: raises.map((each) => each.orderId),
    newHolds: holds.map((each) => each.orderId),
    accounts,
    partition: 0,
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
  const orderIds = new Set(desk.ledger.changedHoldIds());
  for (const orderId of raised) orderIds.add(orderId);
  const holds: OrderHold[] = [];
  for (const orderId of orderIds)
    holds.push(present(desk.holds.get(orderId), "a hold that was placed or raised"));
  return holds;
}

/** The raises that were given up before (R10). */
async function closedRaises(raises: readonly HoldRaise[], unit: Unit): Promise<ReadonlySet<string>> {
  if (raises.length === 0) return new Set();
  const requestIds = sqlArray(raises.map((raise) => raise.requestId));
  const [rows = []] = await unit.run([
    sql`SELECT request_id FROM closed_raises WHERE request_id = ANY (${requestIds}::text[])`,
  ]);
  return new Set(rows.map((row) => String(row.request_id)));
}

function outcomeOf(wallet: Wallet, decision: HoldDecision): HoldOutcome {
  if (decision.status === "held") return decision;
  if (decision.code !== "insufficient_funds") return { status: "refused", code: decision.code };
  const scale = scaleOf(wallet.reference, decision.asset);
  return {
    status: "refused",
    code: decision.code,
    asset: decision.asset,
    required: formatDecimal(decision.requiredUnits, scale),
    available: formatDecimal(decision.availableUnits, scale),
  };
}

/** Releases only holds that the engine has never touched: all others follow its reports. */
async function release(wallet: Wallet, ask: HoldRelease): Promise<number> {
  const keys = balanceKeys(await balancesBehind(wallet, ask));
  const committed = await wallet.delivery.commit("release holds", async (unit) => {
    const [balanceRows = [], holdRows = []] = await unit.run([lockBalances(keys), lockReleased(ask)]);
    const holds = readHolds(holdRows);
    const ledger = new LedgerBatch({
      balances: readBalances(keys, balanceRows),
      holds: holds.map(ledgerHold),
      partition: 0,
    });
    for (const hold of holds) releaseOne(wallet, hold, ask, ledger);
    const found = new Set(holds.map((hold) => hold.orderId));
    const missing = ask.orderIds.filter((orderId) => !found.has(orderId));
    return {
      statements: [
        ...addToBalances(ledger.changedBalances()),
        ...updateHolds(holds),
        ...insertClosedHolds(missing, unit.nowMs),
        ...insertTransfers(ledger.entries(), 0, unit.nowMs),
        ...closeRaises(ask.raiseRequestIds, unit.nowMs),
      ],
      events: fundsEvents(ledger, wallet.reference),
      result: { released: ledger.entries().length, touched: [...ask.orderIds, ...found] },
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
  if (hold.pending !== null && ask.raiseRequestIds.includes(hold.pending.requestId)) {
    const cause = `free/${hold.pending.requestId}`;
    hold.pending = null;
    if (ledger.hold(hold.orderId)?.status === "OPEN")
      ledger.resizeHold(hold.orderId, requiredUnits(hold, instrumentOf(wallet, hold.symbol)), cause);
  }
  hold.heldUnits = ledger.heldUnits(hold.orderId);
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

/** The balances that a release will change: read first, since balances are locked before holds (R13). */
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

/** The size of a page, closed holds included, since no index excludes them: some tenths of a second. */
const HOLDS_LOOKED_AT = 50_000;

export async function openHolds(
  wallet: Wallet,
  ask: { after?: string; limit: number },
  lookedAt = HOLDS_LOOKED_AT,
): Promise<OpenHoldsAnswer> {
  const after = ask.after ?? FIRST_ID;
  const [end] = await wallet.store.query(sql`
    SELECT order_id FROM holds WHERE order_id > ${after}::uuid
    ORDER BY order_id OFFSET ${lookedAt - 1}::integer LIMIT 1`);
  const to = end === undefined ? LAST_ID : orderIdOf(end.order_id);
  const rows = await wallet.store.query(sql`
    SELECT order_id, account_id, asset, held, touched FROM holds
    WHERE held > 0 AND order_id > ${after}::uuid AND order_id <= ${to}::uuid
    ORDER BY order_id LIMIT ${ask.limit}::integer`);
  const last = rows.length < ask.limit ? end : rows.at(-1);
  return {
    ...(last === undefined ? {} : { next: orderIdOf(last.order_id) }),
    holds: rows.map((row) => ({
      orderId: orderIdOf(row.order_id),
      accountId: String(row.account_id),
      asset: String(row.asset),
      held: formatDecimal(BigInt(String(row.held)), scaleOf(wallet.reference, String(row.asset))),
      touched: row.touched === true,
    })),
  };
}

const FIRST_ID = "0".repeat(32);
const LAST_ID = "f".repeat(32);
