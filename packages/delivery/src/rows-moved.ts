import { StoreError } from "@bourse/store";

/** SQLSTATE of the SQL function `rows_written`. */
const ROWS_MOVED = "BW001";

/** A write was decided from rows that somebody else has written since: nothing of the transaction stays (decision 0016). */
export function isRowsMoved(error: unknown): boolean {
  return error instanceof StoreError && error.sqlState === ROWS_MOVED;
}
