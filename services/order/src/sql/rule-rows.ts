import { type Row, type Statement, sql, sqlArray } from "@bourse/store";
import { numberOrNull, text } from "./order-rows.ts";

/** What the engine said to the commands of a rule; it nearly always has a moment later. */
export const RULE_STATES = ["PENDING", "ACCEPTED", "REJECTED"] as const;
export type RuleState = (typeof RULE_STATES)[number];

export interface Bands {
  readonly lowerTicks: number;
  readonly upperTicks: number;
  readonly limitStateMs: number;
}

/** The rules that were set last, with what the engine said to them. */
export interface SetBands {
  /** null: they were taken away. */
  readonly bands: Bands | null;
  readonly state: RuleState;
  readonly setMs: number;
  /** Where the market stands at a band: when it pauses. */
  readonly pausesAtMs: number | null;
}

export interface SetGroup {
  /** null: the account stands alone. */
  readonly selfTradeGroup: string | null;
  readonly state: RuleState;
  readonly setMs: number;
}

/** In the transaction of the command: who sets them last is last in the engine's log, too. */
export function setBandsRow(
  symbol: string,
  bands: Bands | null,
  { requestId, nowMs }: { readonly requestId: string; readonly nowMs: number },
): Statement {
  return sql`INSERT INTO price_bands (symbol, lower_ticks, upper_ticks, limit_state_ms, request_id, set_ms)
    VALUES (${symbol}, ${bands?.lowerTicks ?? null}, ${bands?.upperTicks ?? null}, ${bands?.limitStateMs ?? null},
      ${requestId}, ${nowMs})
    ON CONFLICT (symbol) DO UPDATE SET lower_ticks = excluded.lower_ticks, upper_ticks = excluded.upper_ticks,
      limit_state_ms = excluded.limit_state_ms, request_id = excluded.request_id, set_ms = excluded.set_ms`;
}

export function selectBands(symbol: string): Statement {
  return sql`SELECT lower_ticks, upper_ticks, limit_state_ms, set_ms, coalesce(accepted, true) AS accepted,
      completed_ms IS NOT NULL AS completed, until_ms
    FROM price_bands JOIN commands USING (request_id) LEFT JOIN limit_states ON limit_states.symbol = price_bands.symbol
    WHERE price_bands.symbol = ${symbol}`;
}

export function bandsOfRow(row: Row): SetBands {
  const [lowerTicks, upperTicks] = [numberOrNull(row.lower_ticks), numberOrNull(row.upper_ticks)];
  return {
    bands:
      lowerTicks === null || upperTicks === null
        ? null
        : { lowerTicks, upperTicks, limitStateMs: Number(row.limit_state_ms) },
    state: stateOf(row),
    setMs: Number(row.set_ms),
    pausesAtMs: numberOrNull(row.until_ms),
  };
}

/** In the transaction of the commands, as {@link setBandsRow}. */
export function setGroupRow(
  accountId: string,
  selfTradeGroup: string | null,
  { requestIds, nowMs }: { readonly requestIds: readonly string[]; readonly nowMs: number },
): Statement {
  return sql`INSERT INTO self_trade_groups (account_id, self_trade_group, request_ids, set_ms)
    VALUES (${accountId}, ${selfTradeGroup}, ${sqlArray(requestIds)}::uuid[], ${nowMs})
    ON CONFLICT (account_id) DO UPDATE SET self_trade_group = excluded.self_trade_group,
      request_ids = excluded.request_ids, set_ms = excluded.set_ms`;
}

export function selectGroup(accountId: string): Statement {
  return sql`SELECT self_trade_group, set_ms, accepted, completed
    FROM self_trade_groups, LATERAL (
      SELECT bool_and(coalesce(accepted, true)) AS accepted, bool_and(completed_ms IS NOT NULL) AS completed
      FROM commands WHERE request_id = ANY (request_ids)
    ) AS outcomes
    WHERE account_id = ${accountId}`;
}

export function groupOfRow(row: Row): SetGroup {
  return {
    selfTradeGroup: row.self_trade_group === null ? null : text(row.self_trade_group),
    state: stateOf(row),
    setMs: Number(row.set_ms),
  };
}

/** Of `accepted`, and whether it is completed. */
export function stateOf({ accepted, completed }: Row): RuleState {
  if (accepted === false) return "REJECTED";
  return completed === true ? "ACCEPTED" : "PENDING";
}
