-- The runs of a transaction at once: a statement for each of them was a quarter of PostgreSQL's time under a steady load.
-- The plans nest loops around the lists, as sessions of the store ask for, so heads and marks are locked in the order given
-- (R13).

CREATE OR REPLACE FUNCTION outbox_append(
  now_ms bigint, topics text, partitions int[], counts int[], run_keys text, run_bodies text, run_versions text, trace text
) RETURNS TABLE (run_epoch int, run_first bigint, run_time bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  epochs int[];
  firsts bigint[];
  times  bigint[];
BEGIN
  WITH given AS (
    SELECT * FROM unnest(string_to_array(topics, E'\x1e'), partitions, counts, string_to_array(run_keys, E'\x1e'),
      string_to_array(run_bodies, E'\x1e'), string_to_array(run_versions, E'\x1e'))
      WITH ORDINALITY AS g (run_topic, run_partition, run_count, key_list, body_list, version_list, place)
  ), numbered AS (
    UPDATE outbox_head SET next = next + run_count, last_time = greatest(last_time, now_ms)
    FROM given WHERE topic = run_topic AND partition = run_partition
      -- All of them or none: so they are locked in the order given, also where some are not there yet.
      AND (SELECT count(*) FROM given JOIN outbox_head ON topic = run_topic AND partition = run_partition)
        = cardinality(partitions)
    RETURNING given.*, epoch, next - run_count AS first, last_time
  ), written AS (
    INSERT INTO outbox (topic, partition, epoch, first_sequence, last_sequence, time_ms, keys, bodies, versions, traceparent)
    SELECT run_topic, run_partition, epoch, first, first + run_count - 1, last_time, key_list, body_list, version_list, trace
    FROM numbered
  )
  SELECT array_agg(epoch), array_agg(first), array_agg(last_time) INTO epochs, firsts, times
  FROM (SELECT epoch, first, last_time FROM numbered ORDER BY place) AS runs;
  FOR i IN 1 .. cardinality(partitions) LOOP
    IF epochs IS NOT NULL THEN
      run_epoch := epochs[i];
      run_first := firsts[i];
      run_time := times[i];
    ELSE
      SELECT run.* INTO run_epoch, run_first, run_time FROM outbox_begin(
        now_ms, split_part(topics, E'\x1e', i), partitions[i], counts[i], split_part(run_keys, E'\x1e', i),
        split_part(run_bodies, E'\x1e', i), split_part(run_versions, E'\x1e', i), trace) AS run;
    END IF;
    RETURN NEXT;
  END LOOP;
END
$$;

-- A run whose head may not be there yet; another instance may make it at the same moment.
CREATE FUNCTION outbox_begin(
  now_ms bigint, run_topic text, run_partition int, run_count int, key_list text, body_list text, version_list text, trace text,
  OUT run_epoch int, OUT run_first bigint, OUT run_time bigint
)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
  INSERT INTO outbox_head AS head (topic, partition, epoch, next, last_time)
    VALUES (run_topic, run_partition, 1, 1 + run_count, now_ms)
    ON CONFLICT (topic, partition)
    DO UPDATE SET next = head.next + run_count, last_time = greatest(head.last_time, now_ms)
    RETURNING head.epoch, head.next - run_count, head.last_time INTO run_epoch, run_first, run_time;
  INSERT INTO outbox (topic, partition, epoch, first_sequence, last_sequence, time_ms, keys, bodies, versions, traceparent)
    VALUES (run_topic, run_partition, run_epoch, run_first, run_first + run_count - 1, run_time, key_list, body_list,
            version_list, trace);
END
$$;

-- As before, marks that exist first: compare-and-set, from_sequence 0 where there is none yet, BM001 where one has moved.
CREATE OR REPLACE FUNCTION marks_advance(
  subscription_name text, topics text, partitions int[], producers text,
  from_epochs int[], from_sequences bigint[], to_epochs int[], to_sequences bigint[], next_offsets bigint[], topic_ids text
) RETURNS void
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  topic_of    text[] := string_to_array(topics, E'\x1e');
  producer_of text[] := string_to_array(producers, E'\x1e');
  id_of       text[] := string_to_array(topic_ids, E'\x1e');
  advanced    int[];
BEGIN
  WITH moved AS (
    UPDATE marks SET epoch = to_epoch, sequence = to_sequence, next_offset = to_offset, topic_id = to_id
    FROM unnest(topic_of, partitions, producer_of, from_epochs, from_sequences, to_epochs, to_sequences, next_offsets, id_of)
      WITH ORDINALITY
      AS given (in_topic, in_partition, of_producer, from_epoch, from_sequence, to_epoch, to_sequence, to_offset, to_id, place)
    WHERE subscription = subscription_name AND topic = in_topic AND partition = in_partition AND producer = of_producer
      AND epoch = from_epoch AND sequence = from_sequence
    RETURNING place
  )
  SELECT coalesce(array_agg(place::int), '{}') INTO advanced FROM moved;
  IF cardinality(advanced) = cardinality(partitions) THEN
    RETURN;
  END IF;
  FOR i IN 1 .. cardinality(partitions) LOOP
    CONTINUE WHEN i = ANY (advanced);
    IF from_sequences[i] = 0 THEN
      INSERT INTO marks (subscription, topic, partition, producer, epoch, sequence, next_offset, topic_id)
        VALUES (subscription_name, topic_of[i], partitions[i], producer_of[i],
                to_epochs[i], to_sequences[i], next_offsets[i], id_of[i])
        ON CONFLICT DO NOTHING;
      CONTINUE WHEN FOUND;
    END IF;
    RAISE EXCEPTION 'the mark of % on %/% from % has moved',
      subscription_name, topic_of[i], partitions[i], producer_of[i] USING ERRCODE = 'BM001';
  END LOOP;
END
$$;
