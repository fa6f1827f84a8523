import { formatDecimal, parseDecimal, present } from "@bourse/base";
import { partitionOf } from "@bourse/bus";
import { AccountId, AssetCode, Decimal, walletEvents } from "@bourse/contracts";
import type { Effects, OutgoingEvent, Unit } from "@bourse/delivery";
import {
  auditRequest,
  type ProblemAnswer,
  problem,
  type Route,
  type RouteAnswer,
  type RouteRequest,
  refuseCursor,
  refuseForeignAccount,
} from "@bourse/host";
import { deposit, LedgerBatch, withdrawal } from "@bourse/ledger";
import type { Asset } from "@bourse/market";
import { amountText, type Row, sql } from "@bourse/store";
import { Type } from "typebox";
import { addToBalances, lockBalances, readBalances } from "../sql/balance-rows.ts";
import { insertTransfers } from "../sql/journal-rows.ts";
import { type PostingPlace, readPostings } from "../sql/posting-rows.ts";
import { scaleOf, type Wallet } from "../wallet.ts";
import { unknownAccount } from "./accounts.ts";

const Funds = Type.Object({ asset: AssetCode, amount: Decimal });
const FundsAnswer = Type.Object({
  accountId: AccountId,
  requestId: Type.String(),
  asset: AssetCode,
  amount: Decimal,
  available: Decimal,
  held: Decimal,
});
const PostingView = Type.Object({
  time: Type.String(),
  kind: Type.String(),
  journalId: Type.String(),
  ledger: Type.String(),
  asset: AssetCode,
  amount: Decimal,
});

const moves = {
  deposits: {
    sign: 1n,
    eventType: "FundsDeposited",
    summary: "Book a deposit: money or assets came in from outside",
  },
  withdrawals: {
    sign: -1n,
    eventType: "FundsWithdrawn",
    summary: "Book a withdrawal: money or assets went out",
  },
} as const;

/** Money in and out, by the operator until there are payment providers, and the statement. */
export const fundsRoutes: readonly Route<Wallet>[] = [
  ...(["deposits", "withdrawals"] as const).map(
    (kind): Route<Wallet> => ({
      method: "POST",
      path: `/api/v1/accounts/:accountId/${kind}`,
      summary: `${moves[kind].summary}. Needs an Idempotency-Key`,
      access: "operator",
      idempotency: { natural: "account and Idempotency-Key, for ever", header: "required" },
      params: Type.Object({ accountId: AccountId }),
      body: Funds,
      answers: { 200: FundsAnswer, 201: FundsAnswer },
      problems: ["idempotency_key_reused", "unknown_account", "unknown_asset", "insufficient_funds"],
      examples: [{ asset: "USD", amount: "10000.00" }],
      handle: (wallet, request) => moveFunds(wallet, request, kind),
    }),
  ),
  {
    method: "GET",
    path: "/api/v1/accounts/:accountId/ledger",
    summary: "The account's postings in double entry, latest first: credits are positive",
    access: "authenticated",
    params: Type.Object({ accountId: AccountId }),
    query: Type.Object({
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
      cursor: Type.Optional(Type.String({ maxLength: 400 })),
    }),
    answers: {
      200: Type.Object({ postings: Type.Array(PostingView), nextCursor: Type.Optional(Type.String()) }),
    },
    problems: ["forbidden", "invalid_cursor"],
    handle: statement,
  },
];

/** So that 10^8 of them still fit the 38 digits that an amount has in SQL. */
const MAX_MOVE_UNITS = 10n ** 30n;

interface Move {
  readonly accountId: string;
  readonly requestId: string;
  readonly asset: Asset;
  /** Signed: a withdrawal is negative. */
  readonly units: bigint;
  readonly eventType: "FundsDeposited" | "FundsWithdrawn";
}

async function moveFunds(
  wallet: Wallet,
  request: RouteRequest,
  kind: keyof typeof moves,
): Promise<RouteAnswer> {
  const move = readMove(wallet, request, kind);
  if ("status" in move) return move;
  const committed = await wallet.delivery.commit(kind, async (unit) => {
    const effects = await decideMove(move, unit);
    if (effects.result.status !== 201) return effects;
    const about = { action: `funds.${kind}`, subjects: [`${move.accountId}/${move.requestId}`] };
    return { ...effects, events: [...effects.events, auditRequest("wallet", request, about)] };
  });
  wallet.desk.forget({ balances: [{ accountId: move.accountId, asset: move.asset.asset }] });
  return committed.result;
}

function readMove(wallet: Wallet, request: RouteRequest, kind: keyof typeof moves): Move | ProblemAnswer {
  const accountId = request.params.accountId ?? "";
  const { asset: code, amount } = request.body as { asset: string; amount: string };
  const requestId = present(request.headers["idempotency-key"], "the key that the route requires");
  const asset = wallet.reference.asset(code);
  if (asset === undefined) {
    const allowed = wallet.reference
      .assets()
      .map((each) => each.asset)
      .join(", ");
    return problem("unknown_asset", `There is no asset ${code}.`, {
      errors: [
        { field: "asset", given: code, allowed: allowed === "" ? "none: no asset is listed" : allowed },
      ],
    });
  }
  const units = parseDecimal(amount, asset.scale);
  if (typeof units !== "bigint" || units <= 0n || units > MAX_MOVE_UNITS) {
    const most = formatDecimal(MAX_MOVE_UNITS, asset.scale);
    const allowed = `a positive decimal up to ${most} with at most ${asset.scale} decimals`;
    return problem("validation_failed", "The amount is not one.", {
      errors: [{ field: "amount", given: amount, allowed }],
    });
  }
  return { accountId, requestId, asset, units: units * moves[kind].sign, eventType: moves[kind].eventType };
}

async function decideMove(move: Move, unit: Unit): Promise<Effects<RouteAnswer>> {
  const { accountId, requestId, asset, units } = move;
  const keys = [{ accountId, asset: asset.asset }];
  const [accounts = [], rows = [], earlier = []] = await unit.run([
    sql`SELECT status FROM accounts WHERE account_id = ${accountId} FOR UPDATE`,
    lockBalances(keys),
    sql`SELECT asset, amount, available_after, held_after FROM cash_requests WHERE account_id = ${accountId} AND request_id = ${requestId}`,
  ]);
  if (accounts.length === 0) return answered(unknownAccount(accountId));
  const [before] = earlier;
  if (before !== undefined) return answered(replayed(move, before));
  const balances = readBalances(keys, rows);
  const ledger = new LedgerBatch({ balances, holds: [], partition: VENUE_PARTITION });
  const movement = {
    journalId: `${accountId}/${requestId}`,
    accountId,
    asset: asset.asset,
    partition: VENUE_PARTITION,
  };
  const posted = ledger.post(
    units > 0n
      ? deposit({ ...movement, amountUnits: units })
      : withdrawal({ ...movement, amountUnits: -units }),
  );
  if (posted.kind === "insufficient_funds") return answered(insufficient(move, posted.balanceUnits));
  const after = ledger.balance(accountId, asset.asset);
  const remember = sql`
    INSERT INTO cash_requests (account_id, request_id, asset, amount, available_after, held_after)
    VALUES (${accountId}, ${requestId}, ${asset.asset}, ${amountText(units)}::numeric, ${amountText(after.availableUnits)}::numeric,
      ${amountText(after.heldUnits)}::numeric)`;
  return {
    statements: [
      ...addToBalances(ledger.changedBalances()),
      ...insertTransfers(ledger.entries(), VENUE_PARTITION, unit.nowMs),
      remember,
    ],
    events: [fundsMoved(move, after)],
    result: { status: 201, body: answerOf(move, after) },
  };
}

/** Deposits belong to no partition: they use the external account of the first one. */
const VENUE_PARTITION = 0;

function answered(result: RouteAnswer): Effects<RouteAnswer> {
  return { statements: [], events: [], result };
}

/** A repeated request is answered as before; another request with the same key is refused. */
function replayed(move: Move, before: Row): RouteAnswer {
  if (before.asset !== move.asset.asset || BigInt(String(before.amount)) !== move.units)
    return keyReused(move.requestId);
  const after = {
    availableUnits: BigInt(String(before.available_after)),
    heldUnits: BigInt(String(before.held_after)),
  };
  return { status: 200, body: answerOf(move, after), headers: { "Idempotent-Replayed": "true" } };
}

function keyReused(requestId: string): ProblemAnswer {
  return problem("idempotency_key_reused", "This Idempotency-Key was used with another body.", {
    errors: [{ field: "Idempotency-Key", given: requestId, allowed: "a new key for a new request" }],
  });
}

function insufficient(move: Move, availableUnits: bigint): ProblemAnswer {
  const available = formatDecimal(availableUnits, move.asset.scale);
  return problem("insufficient_funds", "The account has less than that available.", {
    errors: [
      {
        field: "amount",
        given: formatDecimal(-move.units, move.asset.scale),
        allowed: `at most ${available}`,
      },
    ],
  });
}

interface After {
  readonly availableUnits: bigint;
  readonly heldUnits: bigint;
}

function amounts(
  { asset, units }: Move,
  after: After,
): { asset: string; amount: string; available: string; held: string } {
  return {
    asset: asset.asset,
    amount: formatDecimal(units < 0n ? -units : units, asset.scale),
    available: formatDecimal(after.availableUnits, asset.scale),
    held: formatDecimal(after.heldUnits, asset.scale),
  };
}

function answerOf(move: Move, after: After): Record<string, string> {
  return { accountId: move.accountId, requestId: move.requestId, ...amounts(move, after) };
}

function fundsMoved(move: Move, after: After): OutgoingEvent<typeof walletEvents> {
  const { accountId, requestId, eventType } = move;
  return {
    topic: walletEvents,
    key: accountId,
    partition: partitionOf(accountId, walletEvents.partitions),
    event: { eventType, accountId, requestId, ...amounts(move, after) },
  };
}

async function statement(wallet: Wallet, request: RouteRequest): Promise<RouteAnswer> {
  const accountId = request.params.accountId ?? "";
  const foreign = refuseForeignAccount(request.principal, accountId);
  if (foreign !== null) return foreign;
  const { limit = 100, cursor } = request.query as { limit?: number; cursor?: string };
  const behind = cursor === undefined ? undefined : placeOf(cursor);
  if (behind === null) return refuseCursor(cursor);
  const rows = await readPostings(wallet.store, accountId, {
    limit: limit + 1,
    behind,
    nowMs: wallet.clock.nowMs(),
  });
  const postings = rows.slice(0, limit).map((row) => postingView(wallet, row));
  const last = rows[limit - 1];
  if (rows.length <= limit || last === undefined) return { status: 200, body: { postings } };
  const nextCursor = [last.time_ms, last.ledger, last.asset, last.journal_id].join("/");
  return { status: 200, body: { postings, nextCursor } };
}

function placeOf(cursor: string): PostingPlace | null {
  const parts = /^(0|[1-9][0-9]{0,14})\/(AVAILABLE|HELD)\/([^/]+)\/(.+)$/.exec(cursor);
  if (parts === null) return null;
  const [, timeMs, ledger = "", asset = "", journalId = ""] = parts;
  return { timeMs: Number(timeMs), ledger, asset, journalId };
}

function postingView(wallet: Wallet, row: Row): object {
  const asset = String(row.asset);
  return {
    time: new Date(Number(row.time_ms)).toISOString(),
    kind: String(row.kind),
    journalId: String(row.journal_id),
    ledger: String(row.ledger),
    asset,
    amount: formatDecimal(BigInt(String(row.amount)), scaleOf(wallet.reference, asset)),
  };
}
