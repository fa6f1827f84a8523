import { type Row, type Statement, sql } from "@bourse/store";
import { text } from "./order-rows.ts";

/** A session of an account, whose orders are cancelled when it ends. */
export interface Session {
  readonly accountId: string;
  readonly sessionId: string;
}

export function renewLease({ accountId, sessionId }: Session, closeAtMs: number): Statement {
  return sql`INSERT INTO session_leases (account_id, session_id, close_at_ms)
    VALUES (${accountId}, ${sessionId}, ${closeAtMs})
    ON CONFLICT (account_id, session_id) DO UPDATE SET close_at_ms = excluded.close_at_ms`;
}

/** How many other sessions the account has open, and whether this one is. */
export function countOthers({ accountId, sessionId }: Session): Statement {
  return sql`SELECT count(*) FILTER (WHERE session_id <> ${sessionId}) AS others,
      coalesce(bool_or(session_id = ${sessionId}), false) AS is_open
    FROM session_leases WHERE account_id = ${accountId}`;
}

export function dropLease({ accountId, sessionId }: Session): Statement {
  return sql`DELETE FROM session_leases WHERE account_id = ${accountId} AND session_id = ${sessionId}`;
}

/** Each account's first ones before anyone's second: whoever lets hundreds lapse keeps nobody else's waiting. */
export function selectLapsed(nowMs: number): Statement {
  return sql`SELECT account_id, session_id FROM (
      SELECT account_id, session_id, close_at_ms,
        row_number() OVER (PARTITION BY account_id ORDER BY close_at_ms, session_id) AS turn
      FROM session_leases WHERE close_at_ms <= ${nowMs}::int8
    ) AS lapsed
    ORDER BY turn, close_at_ms, account_id, session_id LIMIT 100`;
}

/** Takes the lease away unless it was renewed meanwhile, and answers it then. */
export function takeLapsed({ accountId, sessionId }: Session, nowMs: number): Statement {
  return sql`DELETE FROM session_leases
    WHERE account_id = ${accountId} AND session_id = ${sessionId} AND close_at_ms <= ${nowMs}::int8
    RETURNING account_id, session_id`;
}

export function sessionOfRow(row: Row): Session {
  return { accountId: text(row.account_id), sessionId: text(row.session_id) };
}
