import { rfc3339 } from "@bourse/contracts";
import type { CompiledInstrument } from "@bourse/market";
import { type Row, type Statement, sql, sqlArray } from "@bourse/store";

/** A place on the tape: a trade's engine sequence and 0, or that of the trade before a print and the print's number. */
export interface TapePosition {
  readonly engineSequence: number;
  readonly printNumber: number;
}

export interface Print {
  readonly printId: string;
  readonly price: string;
  readonly quantity: string;
  readonly aggressorSide?: "BUY" | "SELL";
}

interface TapeEntry {
  readonly position: TapePosition;
  readonly tradeId: string;
  readonly price: string;
  readonly quantity: string;
  readonly aggressorSide?: string;
  readonly time: string;
  readonly hidden: boolean;
}

const END: TapePosition = { engineSequence: Number.MAX_SAFE_INTEGER, printNumber: 0 };

/** Trades and prints of a symbol before a place on the tape, latest first. */
export function selectTape(symbol: string, limit: number, before: TapePosition = END): Statement {
  const { engineSequence, printNumber } = before;
  return sql`
    (SELECT engine_sequence AS position, 0::bigint AS print_number, symbol || '-' || trade_number AS trade_id, time_ms,
       price_ticks::text AS price, quantity_lots::text AS quantity,
       CASE WHEN buyer_aggressed THEN 'BUY' ELSE 'SELL' END AS aggressor_side
     FROM trades
     WHERE symbol = ${symbol}
       AND (engine_sequence < ${engineSequence}::bigint OR (engine_sequence = ${engineSequence}::bigint AND ${printNumber}::bigint > 0))
     ORDER BY engine_sequence DESC LIMIT ${limit}::integer)
    UNION ALL
    (SELECT after_sequence, print_number, print_id, time_ms, price, quantity, aggressor_side
     FROM prints
     WHERE symbol = ${symbol} AND (after_sequence, print_number) < (${engineSequence}::bigint, ${printNumber}::bigint)
     ORDER BY after_sequence DESC, print_number DESC LIMIT ${limit}::integer)
    ORDER BY position DESC, print_number DESC LIMIT ${limit}::integer`;
}

export function tapeEntryOf(row: Row, instrument: CompiledInstrument): TapeEntry {
  const printNumber = Number(row.print_number);
  const hidden = printNumber > 0;
  return {
    position: { engineSequence: Number(row.position), printNumber },
    tradeId: String(row.trade_id),
    price: hidden ? String(row.price) : instrument.formatPrice(Number(row.price)),
    quantity: hidden ? String(row.quantity) : instrument.formatQuantity(Number(row.quantity)),
    ...(row.aggressor_side === null ? {} : { aggressorSide: String(row.aggressor_side) }),
    time: rfc3339(Number(row.time_ms)),
    hidden,
  };
}

/** Makes the row of a symbol that never traded, and locks it: prints get their numbers one request at a time. */
export function lockMarket(symbol: string): readonly Statement[] {
  return [
    sql`INSERT INTO markets (symbol, last_sequence, prints) VALUES (${symbol}, 0, 0) ON CONFLICT DO NOTHING`,
    sql`SELECT last_sequence, prints FROM markets WHERE symbol = ${symbol} FOR UPDATE`,
  ];
}

export function selectKnownPrints(symbol: string, printIds: readonly string[]): Statement {
  return sql`
    SELECT print_id FROM prints WHERE symbol = ${symbol} AND print_id = ANY (${sqlArray(printIds)}::text[]) ORDER BY print_id`;
}

export function insertPrints(
  prints: readonly Print[],
  at: {
    readonly symbol: string;
    readonly afterSequence: number;
    readonly afterPrint: number;
    readonly nowMs: number;
  },
): readonly Statement[] {
  const { symbol, afterSequence, afterPrint, nowMs } = at;
  return [
    sql`
      INSERT INTO prints (symbol, print_number, print_id, after_sequence, time_ms, price, quantity, aggressor_side)
      SELECT ${symbol}::text, n, i, ${afterSequence}::bigint, ${nowMs}::bigint, p, q, s
      FROM unnest(${sqlArray(prints.map((_, index) => afterPrint + 1 + index))}::bigint[],
        ${sqlArray(prints.map((print) => print.printId))}::text[],
        ${sqlArray(prints.map((print) => print.price))}::text[],
        ${sqlArray(prints.map((print) => print.quantity))}::text[],
        ${sqlArray(prints.map((print) => print.aggressorSide ?? null))}::text[]) AS t (n, i, p, q, s)`,
    sql`UPDATE markets SET prints = ${afterPrint + prints.length}::bigint WHERE symbol = ${symbol}`,
  ];
}
