import { assert } from "@bourse/base";
import { type Row, type Statement, type Store, sql } from "@bourse/store";
import {
  type KillSwitch,
  RELEASE_STATUSES,
  type ReleaseRequest,
  type ReleaseStatus,
} from "../domain/kill-switch.ts";
import type { LimitScope, LimitSetting } from "../domain/limits.ts";

export async function readLimits(
  store: Store,
): Promise<readonly (LimitScope & { readonly setting: LimitSetting })[]> {
  const rows = await store.query(sql`
    SELECT account_id, symbol, definition FROM limit_settings ORDER BY account_id, symbol`);
  return rows.map((row) => ({
    accountId: orNull(row.account_id),
    symbol: orNull(row.symbol),
    setting: JSON.parse(String(row.definition)) as LimitSetting,
  }));
}

export function writeLimits(
  scope: LimitScope,
  setting: LimitSetting,
  by: { readonly actor: string; readonly nowMs: number },
): Statement {
  return sql`INSERT INTO limit_settings (account_id, symbol, definition, actor, updated_ms)
    VALUES (${scope.accountId ?? ""}, ${scope.symbol ?? ""}, ${JSON.stringify(setting)}, ${by.actor}, ${by.nowMs})
    ON CONFLICT (account_id, symbol)
    DO UPDATE SET definition = excluded.definition, actor = excluded.actor, updated_ms = excluded.updated_ms`;
}

export function selectKillSwitches(): Statement {
  return sql`SELECT * FROM kill_switches ORDER BY account_id`;
}

export function lockKillSwitch(accountId: string): Statement {
  return sql`SELECT * FROM kill_switches WHERE account_id = ${accountId} FOR UPDATE`;
}

/** Returns no row if the account is stopped already. */
export function engageKillSwitch(killSwitch: KillSwitch): Statement {
  const { accountId, requestId, reason, actor, engagedMs } = killSwitch;
  return sql`INSERT INTO kill_switches (account_id, request_id, reason, actor, engaged_ms)
    VALUES (${accountId}, ${requestId}, ${reason}, ${actor}, ${engagedMs})
    ON CONFLICT (account_id) DO NOTHING RETURNING account_id`;
}

export function releaseKillSwitch(accountId: string): Statement {
  return sql`DELETE FROM kill_switches WHERE account_id = ${accountId}`;
}

export function killSwitchOf(row: Row): KillSwitch {
  return {
    accountId: String(row.account_id),
    requestId: String(row.request_id),
    reason: String(row.reason),
    actor: String(row.actor),
    engagedMs: Number(row.engaged_ms),
  };
}

export function selectReleaseRequests(limit: number): Statement {
  return sql`SELECT * FROM release_requests ORDER BY created_ms DESC, id LIMIT ${limit}::int4`;
}

export function selectReleaseRequest(id: string): Statement {
  return sql`SELECT * FROM release_requests WHERE id = ${id}`;
}

/** Behind the stop that it is about: whoever releases that one writes the others about it, too. */
export function lockReleaseRequest(id: string): Statement {
  return sql`SELECT * FROM release_requests WHERE id = ${id} FOR UPDATE`;
}

export function insertReleaseRequest(request: ReleaseRequest): Statement {
  const { id, accountId, switchRequestId, maker, note, createdMs } = request;
  return sql`INSERT INTO release_requests (id, account_id, switch_request_id, maker, note, status, created_ms)
    VALUES (${id}, ${accountId}, ${switchRequestId}, ${maker}, ${note}, 'PENDING', ${createdMs})`;
}

export function approveReleaseRequest(id: string, checker: string, nowMs: number): Statement {
  return sql`UPDATE release_requests SET status = 'APPROVED', checker = ${checker}, decided_ms = ${nowMs}
    WHERE id = ${id}`;
}

/** The others about the stop that `request` has ended: there is nothing left to approve. */
export function supersedeReleaseRequests(
  { id, switchRequestId }: Pick<ReleaseRequest, "id" | "switchRequestId">,
  nowMs: number,
): Statement {
  return sql`UPDATE release_requests SET status = 'SUPERSEDED', decided_ms = ${nowMs}
    WHERE switch_request_id = ${switchRequestId} AND status = 'PENDING' AND id <> ${id}`;
}

export function releaseRequestOf(row: Row): ReleaseRequest {
  return {
    id: String(row.id),
    accountId: String(row.account_id),
    switchRequestId: String(row.switch_request_id),
    maker: String(row.maker),
    note: String(row.note),
    status: oneStatus(String(row.status)),
    checker: row.checker === null ? null : String(row.checker),
    createdMs: Number(row.created_ms),
  };
}

function oneStatus(given: string): ReleaseStatus {
  const status = RELEASE_STATUSES.find((each) => each === given);
  assert(status !== undefined, `a release request is ${RELEASE_STATUSES.join(", ")}, not ${given}`);
  return status;
}

function orNull(value: unknown): string | null {
  return value === "" ? null : String(value);
}
