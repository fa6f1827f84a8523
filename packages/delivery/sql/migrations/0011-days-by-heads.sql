-- Whether all of a day is sent is asked of the days' indexes, by each head: one look for each. All rows of the day were read
-- before; where there were too many for a statement, no day was made or dropped any more, and all rows came into the default one.
CREATE FUNCTION outbox_unsent(child text) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  unsent boolean;
BEGIN
  EXECUTE format(
    'SELECT EXISTS (SELECT FROM outbox_head h LEFT JOIN outbox_sent s ON s.topic = h.topic AND s.partition = h.partition
      CROSS JOIN LATERAL (SELECT FROM %I o WHERE o.topic = h.topic AND o.partition = h.partition
        AND (o.epoch, o.last_sequence) > (coalesce(s.epoch, 0), coalesce(s.sequence, 0)) LIMIT 1) AS waiting)', child)
    INTO unsent;
  RETURN unsent;
END
$$;

CREATE OR REPLACE FUNCTION outbox_roll(now_ms bigint, drop_before_ms bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  day_ms  constant bigint := 86400000;
  -- What one call takes out of the default partition, so that it ends in time; the next one goes on.
  at_once constant int := 20000;
  day     bigint;
  child   text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext(current_schema() || '.outbox_roll'));
  FOR day IN now_ms / day_ms .. now_ms / day_ms + 1 LOOP
    child := 'outbox_d' || day;
    -- Where rows came before, that whole day stays in the default one.
    IF to_regclass(child) IS NULL
      AND NOT EXISTS (SELECT FROM outbox_default o WHERE o.time_ms >= day * day_ms AND o.time_ms < (day + 1) * day_ms) THEN
      EXECUTE format('CREATE TABLE %I PARTITION OF outbox FOR VALUES FROM (%s) TO (%s)', child, day * day_ms, (day + 1) * day_ms);
    END IF;
  END LOOP;
  FOR child, day IN
    SELECT c.relname, substr(c.relname, 9)::bigint FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'outbox'::regclass AND c.relname ~ '^outbox_d[0-9]+$' ORDER BY 2
  LOOP
    CONTINUE WHEN (day + 1) * day_ms > drop_before_ms;
    CONTINUE WHEN outbox_unsent(child);
    EXECUTE format('DROP TABLE %I', child);
  END LOOP;
  DELETE FROM outbox_default WHERE ctid = ANY (ARRAY(
    SELECT o.ctid FROM outbox_default o JOIN outbox_sent s ON s.topic = o.topic AND s.partition = o.partition
    WHERE o.time_ms < drop_before_ms / day_ms * day_ms AND (o.epoch, o.last_sequence) <= (s.epoch, s.sequence)
    ORDER BY o.time_ms, o.epoch, o.last_sequence LIMIT at_once));
END
$$;
