-- A day that has no rows goes once it is over for a day, whatever the retention: a service that keeps its events for ever had a
-- table more each day, and reading the outbox locks all of them. The outbox is locked before the second look, since whoever is
-- about to write into the day has it.
CREATE FUNCTION outbox_drop_empty(child text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  found_row boolean;
BEGIN
  EXECUTE format('SELECT EXISTS (SELECT FROM %I)', child) INTO found_row;
  IF found_row THEN
    RETURN;
  END IF;
  LOCK TABLE ONLY outbox IN ACCESS EXCLUSIVE MODE;
  EXECUTE format('SELECT EXISTS (SELECT FROM %I)', child) INTO found_row;
  IF NOT found_row THEN
    EXECUTE format('DROP TABLE %I', child);
  END IF;
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
    IF (day + 1) * day_ms <= drop_before_ms THEN
      CONTINUE WHEN outbox_unsent(child);
      EXECUTE format('DROP TABLE %I', child);
    ELSIF day < now_ms / day_ms - 1 THEN
      PERFORM outbox_drop_empty(child);
    END IF;
  END LOOP;
  DELETE FROM outbox_default WHERE ctid = ANY (ARRAY(
    SELECT o.ctid FROM outbox_default o JOIN outbox_sent s ON s.topic = o.topic AND s.partition = o.partition
    WHERE o.time_ms < drop_before_ms / day_ms * day_ms AND (o.epoch, o.last_sequence) <= (s.epoch, s.sequence)
    ORDER BY o.time_ms, o.epoch, o.last_sequence LIMIT at_once));
END
$$;
