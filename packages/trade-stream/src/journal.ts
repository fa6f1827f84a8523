import type { WrittenRecord } from "./stream-writer.ts";

/**
 * The journal of a run: what was sent, as CSV, so that others can be compared with it by SQL. `kind` is `good` or the name
 * of the poison; the fields are those of the trade as it was before it was spoilt. Of `duplicate_trade_id` the trade that
 * was repeated is not named: it is the good one before it in the partition.
 */
export const JOURNAL_HEADER =
  "partition,sequence,kind,trade_id,client_id,symbol,side,quantity,price,fee,timestamp";

/** A line, without its end. None of the fields can hold a comma. */
export function journalLine({ partition, sequence, kind, trade }: WrittenRecord): string {
  const { tradeId, clientId, symbol, side, quantity, price, fee, timestamp } = trade;
  return `${partition},${sequence},${kind},${tradeId},${clientId},${symbol},${side},${quantity},${price},${fee},${timestamp}`;
}
