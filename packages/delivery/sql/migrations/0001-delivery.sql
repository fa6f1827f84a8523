-- Delivery's tables, in the schema of every service that keeps something in PostgreSQL (rules R3, R4, R5).
-- Lists travel as one text whose items are separated by U+001E, which JSON never contains: no escaping on the hot path.

-- The next number of each (topic, partition) this service writes. Locked in (topic, partition) order (R13).
CREATE TABLE outbox_head (
  topic     text   NOT NULL,
  partition int    NOT NULL,
  epoch     int    NOT NULL CHECK (epoch >= 1),
  next      bigint NOT NULL CHECK (next >= 1),
  last_time bigint NOT NULL,
  PRIMARY KEY (topic, partition)
) WITH (fillfactor = 20);

-- One row per run of events. Rows stay for the topic's retention and go by whole days (R4): see outbox_roll.
CREATE TABLE outbox (
  topic          text   NOT NULL,
  partition      int    NOT NULL,
  epoch          int    NOT NULL,
  first_sequence bigint NOT NULL,
  last_sequence  bigint NOT NULL,
  time_ms        bigint NOT NULL,
  -- A JSON array of strings and nulls, one per event.
  keys           text   NOT NULL,
  -- The events without timestamp, one JSON text per line.
  bodies         text   NOT NULL,
  -- Schema versions: one number for all, or one per event, separated by commas.
  versions       text   NOT NULL,
  traceparent    text,
  CHECK (last_sequence >= first_sequence),
  PRIMARY KEY (topic, partition, epoch, last_sequence, time_ms)
) PARTITION BY RANGE (time_ms);

-- pglz costs more processor time than the disk it saves is worth; lz4 does not, where the server has it.
DO $$
BEGIN
  ALTER TABLE outbox ALTER COLUMN bodies SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported OR invalid_parameter_value THEN
  ALTER TABLE outbox ALTER COLUMN bodies SET STORAGE EXTERNAL;
END
$$;

CREATE TABLE outbox_default PARTITION OF outbox DEFAULT;

-- How far the topics are known to have it. Written lazily: the truth is the tail of the topic (R4).
CREATE TABLE outbox_sent (
  topic     text   NOT NULL,
  partition int    NOT NULL,
  epoch     int    NOT NULL,
  sequence  bigint NOT NULL,
  topic_id  text   NOT NULL,
  PRIMARY KEY (topic, partition)
) WITH (fillfactor = 50);

-- What each subscription has applied (R5). next_offset and topic_id are only hints where to start reading.
CREATE TABLE marks (
  subscription text   NOT NULL,
  topic        text   NOT NULL,
  partition    int    NOT NULL,
  producer     text   NOT NULL,
  epoch        int    NOT NULL,
  sequence     bigint NOT NULL,
  next_offset  bigint NOT NULL,
  topic_id     text   NOT NULL,
  PRIMARY KEY (subscription, topic, partition, producer)
) WITH (fillfactor = 50);

-- Numbers and inserts the runs in the order given (the caller sorts them by topic and partition). The last statement of
-- a transaction, sent with COMMIT: from here to the commit the heads are locked, so numbers are in commit order (R3).
-- Without sequential scans, since a plan made while a table was empty would last (path notes).
CREATE FUNCTION outbox_append(
  now_ms bigint, topics text, partitions int[], counts int[], run_keys text, run_bodies text, run_versions text, trace text
) RETURNS TABLE (run_epoch int, run_first bigint, run_time bigint)
LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  topic_of    text[] := string_to_array(topics, E'\x1e');
  keys_of     text[] := string_to_array(run_keys, E'\x1e');
  bodies_of   text[] := string_to_array(run_bodies, E'\x1e');
  versions_of text[] := string_to_array(run_versions, E'\x1e');
BEGIN
  FOR i IN 1 .. cardinality(partitions) LOOP
    UPDATE outbox_head SET next = next + counts[i], last_time = greatest(last_time, now_ms)
      WHERE topic = topic_of[i] AND partition = partitions[i]
      RETURNING epoch, next - counts[i], last_time INTO run_epoch, run_first, run_time;
    IF NOT FOUND THEN
      INSERT INTO outbox_head AS head (topic, partition, epoch, next, last_time)
        VALUES (topic_of[i], partitions[i], 1, 1 + counts[i], now_ms)
        ON CONFLICT (topic, partition)
        DO UPDATE SET next = head.next + counts[i], last_time = greatest(head.last_time, now_ms)
        RETURNING head.epoch, head.next - counts[i], head.last_time INTO run_epoch, run_first, run_time;
    END IF;
    INSERT INTO outbox (topic, partition, epoch, first_sequence, last_sequence, time_ms, keys, bodies, versions, traceparent)
      VALUES (topic_of[i], partitions[i], run_epoch, run_first, run_first + counts[i] - 1, run_time,
              keys_of[i], bodies_of[i], versions_of[i], trace);
    RETURN NEXT;
  END LOOP;
END
$$;

-- Compare-and-set of the marks a unit of work advances, in the order given. from_sequence 0: there is no mark yet.
-- Raises BM001 when one has moved: the transaction fails as a whole, and the records are another consumer's (R5).
CREATE FUNCTION marks_advance(
  subscription_name text, topics text, partitions int[], producers text,
  from_epochs int[], from_sequences bigint[], to_epochs int[], to_sequences bigint[], next_offsets bigint[], topic_ids text
) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  topic_of    text[] := string_to_array(topics, E'\x1e');
  producer_of text[] := string_to_array(producers, E'\x1e');
  id_of       text[] := string_to_array(topic_ids, E'\x1e');
BEGIN
  FOR i IN 1 .. cardinality(partitions) LOOP
    IF from_sequences[i] = 0 THEN
      INSERT INTO marks (subscription, topic, partition, producer, epoch, sequence, next_offset, topic_id)
        VALUES (subscription_name, topic_of[i], partitions[i], producer_of[i],
                to_epochs[i], to_sequences[i], next_offsets[i], id_of[i])
        ON CONFLICT DO NOTHING;
    ELSE
      UPDATE marks
        SET epoch = to_epochs[i], sequence = to_sequences[i], next_offset = next_offsets[i], topic_id = id_of[i]
        WHERE subscription = subscription_name AND topic = topic_of[i] AND partition = partitions[i]
          AND producer = producer_of[i] AND epoch = from_epochs[i] AND sequence = from_sequences[i];
    END IF;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'the mark of % on %/% from % has moved',
        subscription_name, topic_of[i], partitions[i], producer_of[i] USING ERRCODE = 'BM001';
    END IF;
  END LOOP;
END
$$;

-- Several relays may report: the highest number stays, unless the topic was made anew.
CREATE FUNCTION outbox_mark_sent(topics text, partitions int[], epochs int[], sequences bigint[], topic_ids text)
RETURNS void
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  topic_of text[] := string_to_array(topics, E'\x1e');
  id_of    text[] := string_to_array(topic_ids, E'\x1e');
BEGIN
  FOR i IN 1 .. cardinality(partitions) LOOP
    INSERT INTO outbox_sent AS sent (topic, partition, epoch, sequence, topic_id)
      VALUES (topic_of[i], partitions[i], epochs[i], sequences[i], id_of[i])
      ON CONFLICT (topic, partition)
      DO UPDATE SET epoch = excluded.epoch, sequence = excluded.sequence, topic_id = excluded.topic_id
      WHERE (sent.epoch, sent.sequence) < (excluded.epoch, excluded.sequence) OR sent.topic_id <> excluded.topic_id;
  END LOOP;
END
$$;

-- Makes the day partitions of `now_ms` and of the day after it, and drops the days that ended before `drop_before_ms`
-- and are sent completely. drop_before_ms 0 drops nothing. Days are counted from the epoch: outbox_d<number>.
CREATE FUNCTION outbox_roll(now_ms bigint, drop_before_ms bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  day_ms  constant bigint := 86400000;
  day     bigint;
  child   text;
  pending boolean;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext(current_schema() || '.outbox_roll'));
  FOR day IN now_ms / day_ms .. now_ms / day_ms + 1 LOOP
    child := 'outbox_d' || day;
    -- Rows that came before their day's partition was made stay in the default one, and so does that whole day.
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
    EXECUTE format(
      'SELECT EXISTS (SELECT FROM %I o LEFT JOIN outbox_sent s ON s.topic = o.topic AND s.partition = o.partition
        WHERE (o.epoch, o.last_sequence) > (coalesce(s.epoch, 0), coalesce(s.sequence, 0)))', child) INTO pending;
    CONTINUE WHEN pending;
    EXECUTE format('DROP TABLE %I', child);
  END LOOP;
END
$$;
