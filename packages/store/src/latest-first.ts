import type { Row, Rows, Statement, Store } from "./port.ts";

/** From and to, both within. */
export interface TimeWindow {
  readonly fromMs: number;
  readonly toMs: number;
}

const FIRST_WINDOW_MS = 60_000;
const WIDER = 8;
/** Of one window; where there are more it is halved, so that no statement sorts a day of a busy account for a page. */
const MOST_OF_WINDOW = 2_000;

export interface LatestFirst extends TimeWindow {
  readonly limit: number;
  readonly nowMs: number;
  /** The rows of a window, latest first. Of those it has, any `most`; all where that is null. */
  readonly select: (window: TimeWindow, most: number | null) => Statement;
}

/**
 * The latest rows of what is found by ranges and not by its order: by windows of time that widen as they go back (decision 0049).
 * Rejects with `StoreError`.
 */
export async function readLatestFirst(
  store: Pick<Store, "transaction">,
  { limit, fromMs, nowMs, select, ...page }: LatestFirst,
): Promise<Rows> {
  const found: Row[] = [];
  let toMs = page.toMs;
  // Ahead of this clock there is seldom anything: of instances with other clocks, or of before it was set back.
  let widthMs = toMs > nowMs ? toMs - nowMs : FIRST_WINDOW_MS;
  /** From here to `toMs` there are too many for a window. */
  let denseFromMs = Number.POSITIVE_INFINITY;
  while (toMs >= fromMs && found.length < limit) {
    const window = { fromMs: Math.max(fromMs, toMs - widthMs + 1), toMs };
    const isMoment = window.fromMs === window.toMs;
    const rows = await readWindow(store, select(window, isMoment ? null : MOST_OF_WINDOW));
    if (rows.length === MOST_OF_WINDOW && !isMoment) {
      denseFromMs = window.fromMs;
    } else {
      for (const row of rows) found.push(row);
      toMs = window.fromMs - 1;
    }
    if (toMs >= denseFromMs) widthMs = Math.ceil((toMs - denseFromMs + 1) / 2);
    else widthMs = toMs === nowMs ? FIRST_WINDOW_MS : widthMs * WIDER;
  }
  return found.slice(0, limit);
}

/** By the plans of a transaction, which read no whole tables: for the first `most` of a window one would do so from its beginning. */
async function readWindow(store: Pick<Store, "transaction">, statement: Statement): Promise<Rows> {
  const [rows = []] = await store.transaction("latest first", (tx) => tx.commit([statement]));
  return rows;
}
