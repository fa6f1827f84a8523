import {
  type Rows,
  readLatestFirst,
  type SqlValue,
  type Statement,
  type Store,
  type TimeWindow,
} from "@bourse/store";

/** A place among an account's fills: no two of them have the same. */
export interface FillPlace {
  readonly timeMs: number;
  readonly symbol: string;
  readonly engineSequence: number;
  /** Of a trade of an account with itself both sides are fills. */
  readonly side: string;
}

/** Which fills of an account: all of the given conditions. Times are from and to, both within. */
export interface FillFilter extends TimeWindow {
  readonly accountId: string;
  readonly symbol: string | null;
  readonly orderId: string | null;
}

export interface FillPage {
  readonly limit: number;
  /** Default: the beginning, the latest fill. */
  readonly behind: FillPlace | undefined;
  readonly nowMs: number;
}

/** Behind no fill. */
const LATEST: FillPlace = { timeMs: Number.MAX_SAFE_INTEGER, symbol: "", engineSequence: 0, side: "" };

/**
 * Fills behind a place, latest first. An account's are read by windows of time (decision 0049); of an order all are found at once
 * (decision 0051). Rejects with `StoreError`.
 */
export async function readFills(
  store: Pick<Store, "transaction">,
  filter: FillFilter,
  { limit, behind = LATEST, nowMs }: FillPage,
): Promise<Rows> {
  const within = { ...filter, toMs: Math.min(filter.toMs, behind.timeMs) };
  if (filter.orderId === null)
    return await readLatestFirst(store, {
      ...within,
      limit,
      nowMs,
      select: (window, most) => selectFills({ ...filter, ...window }, behind, most),
    });
  const ofOrder = selectFillsOfOrder(within, behind, limit);
  // By the plans of a transaction, which read no whole tables.
  const [rows = []] = await store.transaction("fills of order", (tx) => tx.commit([ofOrder]));
  return rows;
}

const WITHIN = `account_id = $1 AND time_ms BETWEEN $2::bigint AND $3::bigint AND ($4::text IS NULL OR symbol = $4)
      AND (time_ms, symbol, engine_sequence, side) < ($5::bigint, $6::text, $7::bigint, $8::text)`;
const LATEST_FIRST = "ORDER BY time_ms DESC, symbol DESC, engine_sequence DESC, side DESC";

function valuesWithin({ accountId, fromMs, toMs, symbol }: FillFilter, behind: FillPlace): SqlValue[] {
  return [accountId, fromMs, toMs, symbol, behind.timeMs, behind.symbol, behind.engineSequence, behind.side];
}

/** Any `most` of the fills, or all. */
export function selectFills(filter: FillFilter, behind: FillPlace, most: number | null): Statement {
  return {
    text: `
    SELECT * FROM (SELECT * FROM fills WHERE ${WITHIN} LIMIT $9::bigint) AS some_of_them ${LATEST_FIRST}`,
    values: [...valuesWithin(filter, behind), most],
  };
}

/** By the order alone: whose it is and when it was would have the planner look through all of an account, or of a time. */
export function selectFillsOfOrder(filter: FillFilter, behind: FillPlace, limit: number): Statement {
  return {
    text: `
    WITH of_order AS MATERIALIZED (SELECT * FROM fills WHERE order_id = $9::uuid)
    SELECT * FROM of_order WHERE ${WITHIN} ${LATEST_FIRST} LIMIT $10::bigint`,
    values: [...valuesWithin(filter, behind), filter.orderId, limit],
  };
}
