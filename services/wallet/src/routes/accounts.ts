import { formatDecimal } from "@bourse/base";
import { AccountId, AssetCode, Decimal, oneOf } from "@bourse/contracts";
import {
  type AnswerCommit,
  auditRequest,
  type ProblemAnswer,
  problem,
  type Route,
  type RouteAnswer,
  type RouteRequest,
  refuseForeignAccount,
} from "@bourse/host";
import { type Row, type Statement, sql } from "@bourse/store";
import { Type } from "typebox";
import { scaleOf, type Wallet } from "../wallet.ts";

const BalanceView = Type.Object({ asset: AssetCode, available: Decimal, held: Decimal, total: Decimal });

export const AccountView = Type.Object({
  accountId: AccountId,
  name: Type.String(),
  status: oneOf(["OPEN", "BLOCKED"]),
  balances: Type.Array(BalanceView),
});

const NewAccount = Type.Object({
  accountId: AccountId,
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
});

const AccountParams = Type.Object({ accountId: AccountId });

/** Trading accounts and what they own. */
export const accountRoutes: readonly Route<Wallet>[] = [
  {
    method: "POST",
    path: "/api/v1/accounts",
    summary: "Open a trading account; opening it again changes nothing",
    access: "operator",
    idempotency: { natural: "account id" },
    body: NewAccount,
    answers: { 200: AccountView, 201: AccountView },
    examples: [{ accountId: "alice", name: "Alice" }],
    handle: openAccount,
  },
  {
    method: "GET",
    path: "/api/v1/accounts",
    summary: "All accounts, by id",
    access: "operator",
    query: Type.Object({
      cursor: Type.Optional(AccountId),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
    }),
    answers: {
      200: Type.Object({ accounts: Type.Array(AccountView), nextCursor: Type.Optional(Type.String()) }),
    },
    handle: listAccounts,
  },
  {
    method: "GET",
    path: "/api/v1/accounts/:accountId",
    summary: "An account with its balances",
    access: "authenticated",
    params: AccountParams,
    answers: { 200: AccountView },
    problems: ["forbidden", "unknown_account"],
    handle: async (wallet, request) => {
      const accountId = request.params.accountId ?? "";
      return (
        refuseForeignAccount(request.principal, accountId) ??
        (await showAccount(wallet, accountId)) ??
        unknownAccount(accountId)
      );
    },
  },
  {
    method: "PUT",
    path: "/api/v1/accounts/:accountId/status",
    summary: "Block an account or open it again",
    access: "operator",
    idempotency: "optional",
    params: AccountParams,
    body: Type.Object({ status: oneOf(["OPEN", "BLOCKED"]) }),
    answers: { 200: AccountView },
    problems: ["unknown_account"],
    handle: setStatus,
  },
];

export function unknownAccount(accountId: string): ProblemAnswer {
  return problem("unknown_account", `There is no account ${accountId}.`, {
    errors: [{ field: "accountId", given: accountId, allowed: "the id of an account that was opened" }],
  });
}

async function openAccount(wallet: Wallet, request: RouteRequest): Promise<RouteAnswer> {
  const { accountId, name } = request.body as { accountId: string; name?: string };
  const committed = await wallet.delivery.commit("open account", async (unit) => {
    // If two requests open it at once, the row says which one did.
    const [opened = []] = await unit.run([
      sql`
        INSERT INTO accounts (account_id, name, status, created_ms)
        VALUES (${accountId}, ${name ?? accountId}, 'OPEN', ${unit.nowMs}) ON CONFLICT DO NOTHING
        RETURNING account_id`,
    ]);
    if (opened.length === 0) return { statements: [], events: [], result: 200 };
    const audit = auditRequest("wallet", request, { action: "accounts.create", subjects: [accountId] });
    return { statements: [], events: [audit], result: 201 };
  });
  const account = await showAccount(wallet, accountId);
  return account === null ? unknownAccount(accountId) : { ...account, status: committed.result };
}

async function setStatus(wallet: Wallet, request: RouteRequest, commit: AnswerCommit): Promise<RouteAnswer> {
  const accountId = request.params.accountId ?? "";
  const { status } = request.body as { status: "OPEN" | "BLOCKED" };
  const { answer } = await commit("set account status", async (unit) => {
    const [changed = [], rows = []] = await unit.run([
      sql`
        UPDATE accounts SET status = ${status} WHERE account_id = ${accountId} AND status <> ${status}
        RETURNING account_id`,
      selectAccount(accountId),
    ]);
    const [account] = accountsOf(wallet, rows);
    const result = account === undefined ? unknownAccount(accountId) : { status: 200, body: account };
    const action = status === "BLOCKED" ? "accounts.block" : "accounts.open";
    const audit = auditRequest("wallet", request, { action, subjects: [accountId] });
    return { statements: [], events: changed.length === 0 ? [] : [audit], result };
  });
  return answer;
}

async function showAccount(wallet: Wallet, accountId: string): Promise<RouteAnswer | null> {
  const [account] = accountsOf(wallet, await wallet.store.query(selectAccount(accountId)));
  return account === undefined ? null : { status: 200, body: account };
}

function selectAccount(accountId: string): Statement {
  return sql`
    SELECT a.account_id, a.name, a.status, b.asset, b.available, b.held
    FROM accounts a LEFT JOIN balances b USING (account_id)
    WHERE a.account_id = ${accountId} ORDER BY b.asset`;
}

async function listAccounts(wallet: Wallet, request: RouteRequest): Promise<RouteAnswer> {
  const { cursor, limit = 100 } = request.query as { cursor?: string; limit?: number };
  const rows = await wallet.store.query(sql`
    SELECT a.account_id, a.name, a.status, b.asset, b.available, b.held
    FROM (SELECT * FROM accounts WHERE account_id > ${cursor ?? ""} ORDER BY account_id LIMIT ${limit + 1}) a
    LEFT JOIN balances b USING (account_id) ORDER BY a.account_id, b.asset`);
  const accounts = accountsOf(wallet, rows);
  const page = accounts.slice(0, limit);
  const nextCursor = accounts.length > limit ? page.at(-1)?.accountId : undefined;
  return {
    status: 200,
    body: nextCursor === undefined ? { accounts: page } : { accounts: page, nextCursor },
  };
}

interface Account {
  readonly accountId: string;
  readonly name: string;
  readonly status: string;
  readonly balances: { asset: string; available: string; held: string; total: string }[];
}

function accountsOf(wallet: Wallet, rows: readonly Row[]): Account[] {
  const accounts = new Map<string, Account>();
  for (const row of rows) {
    const accountId = String(row.account_id);
    let account = accounts.get(accountId);
    if (account === undefined) {
      account = { accountId, name: String(row.name), status: String(row.status), balances: [] };
      accounts.set(accountId, account);
    }
    if (row.asset === null) continue;
    const asset = String(row.asset);
    const scale = scaleOf(wallet.reference, asset);
    const available = BigInt(String(row.available));
    const held = BigInt(String(row.held));
    account.balances.push({
      asset,
      available: formatDecimal(available, scale),
      held: formatDecimal(held, scale),
      total: formatDecimal(available + held, scale),
    });
  }
  return [...accounts.values()];
}
