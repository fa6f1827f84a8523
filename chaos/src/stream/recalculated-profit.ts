import { type Statement, sql } from "@bourse/store";

/**
 * What each good trade of the journal must have realised, net of its fee, by SQL: it shares no code with the processor,
 * and works otherwise. Amounts are whole units of the symbol's scales, so that "the share is truncated" means the same.
 */
export type CostMethod = "AVERAGE" | "FIFO" | "LIFO";

/** `sent` is the journal; `wanted` is filled by {@link recalculate}. */
export const RECALCULATION_TABLES: readonly Statement[] = [
  sql`CREATE TABLE IF NOT EXISTS wanted (partition int, sequence int8, realised numeric)`,
  // Signed lots, what one lot costs, and the fee.
  sql`CREATE OR REPLACE VIEW sent_units AS
    SELECT s.partition, s.sequence, s.client_id, s.symbol,
      CASE s.side WHEN 'BUY' THEN s.quantity ELSE -s.quantity END * power(10::numeric, i.quantity_scale) AS lots,
      s.price * power(10::numeric, i.amount_scale - i.quantity_scale) AS price,
      s.fee * power(10::numeric, i.amount_scale) AS fee
    FROM sent s JOIN instruments i USING (symbol) WHERE s.kind = 'good'`,
  sql`CREATE OR REPLACE FUNCTION realised_average(of_partition int)
    RETURNS TABLE (partition int, sequence int8, realised numeric) LANGUAGE plpgsql AS $$
    DECLARE
      s record; place text := ''; open numeric; cost numeric; closing numeric; share numeric;
    BEGIN
      FOR s IN SELECT * FROM sent_units u WHERE u.partition = of_partition ORDER BY u.client_id, u.symbol, u.sequence LOOP
        IF place <> s.client_id || ' ' || s.symbol THEN
          place := s.client_id || ' ' || s.symbol; open := 0; cost := 0;
        END IF;
        realised := -s.fee;
        closing := CASE WHEN open * s.lots < 0 THEN least(abs(open), abs(s.lots)) ELSE 0 END;
        IF closing > 0 THEN
          share := div(cost * closing, abs(open));
          realised := realised + sign(open) * closing * s.price - share;
          cost := cost - share;
        END IF;
        cost := cost + sign(s.lots) * (abs(s.lots) - closing) * s.price;
        open := open + s.lots;
        partition := s.partition; sequence := s.sequence;
        RETURN NEXT;
      END LOOP;
    END $$`,
  walkOverLots("fifo"),
  walkOverLots("lifo"),
];

/** Open lots lie from `head` to `tail`, the oldest first, and are closed from one of the two ends. */
function walkOverLots(method: "fifo" | "lifo"): Statement {
  const [end, closed] = method === "fifo" ? ["head", "head := head + 1"] : ["tail", "tail := tail - 1"];
  return {
    text: `CREATE OR REPLACE FUNCTION realised_${method}(of_partition int)
    RETURNS TABLE (partition int, sequence int8, realised numeric) LANGUAGE plpgsql AS $$
    DECLARE
      s record; place text := ''; lots numeric[]; prices numeric[]; head int; tail int; remaining numeric; taken numeric;
    BEGIN
      FOR s IN SELECT * FROM sent_units u WHERE u.partition = of_partition ORDER BY u.client_id, u.symbol, u.sequence LOOP
        IF place <> s.client_id || ' ' || s.symbol THEN
          place := s.client_id || ' ' || s.symbol; lots := '{}'; prices := '{}'; head := 1; tail := 0;
        END IF;
        realised := -s.fee;
        remaining := s.lots;
        WHILE head <= tail AND remaining * lots[${end}] < 0 LOOP
          taken := least(abs(remaining), abs(lots[${end}]));
          realised := realised + sign(lots[${end}]) * taken * (s.price - prices[${end}]);
          lots[${end}] := lots[${end}] + sign(remaining) * taken;
          remaining := remaining - sign(remaining) * taken;
          IF lots[${end}] = 0 THEN ${closed}; END IF;
        END LOOP;
        IF remaining <> 0 THEN
          tail := tail + 1; lots[tail] := remaining; prices[tail] := s.price;
        END IF;
        partition := s.partition; sequence := s.sequence;
        RETURN NEXT;
      END LOOP;
    END $$`,
    values: [],
  };
}

const REALISED: Readonly<Record<CostMethod, string>> = {
  AVERAGE: "SELECT * FROM realised_average($1)",
  FIFO: "SELECT * FROM realised_fifo($1)",
  LIFO: "SELECT * FROM realised_lifo($1)",
};

/** Of one partition: a client has one, and a statement has seconds. */
export function recalculate(method: CostMethod, partition: number): Statement {
  return { text: `INSERT INTO wanted ${REALISED[method]}`, values: [partition] };
}
