-- How far the log reached when the number was acknowledged: a relay that goes on behind another one's number sends behind
-- that place (R4). null: noted by an earlier version.
ALTER TABLE outbox_sent ADD COLUMN end_offset bigint;

CREATE FUNCTION outbox_mark_sent(
  topics text, partitions int[], epochs int[], sequences bigint[], topic_ids text, end_offsets bigint[])
RETURNS void
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  topic_of text[] := string_to_array(topics, E'\x1e');
  id_of    text[] := string_to_array(topic_ids, E'\x1e');
BEGIN
  FOR i IN 1 .. cardinality(partitions) LOOP
    INSERT INTO outbox_sent AS sent (topic, partition, epoch, sequence, topic_id, end_offset)
      VALUES (topic_of[i], partitions[i], epochs[i], sequences[i], id_of[i], end_offsets[i])
      ON CONFLICT (topic, partition)
      DO UPDATE SET epoch = excluded.epoch, sequence = excluded.sequence, topic_id = excluded.topic_id,
        end_offset = excluded.end_offset
      WHERE (sent.epoch, sent.sequence) < (excluded.epoch, excluded.sequence) OR sent.topic_id <> excluded.topic_id;
  END LOOP;
END
$$;

-- Instances of the earlier version may still run beside this one.
CREATE OR REPLACE FUNCTION outbox_mark_sent(
  topics text, partitions int[], epochs int[], sequences bigint[], topic_ids text)
RETURNS void
LANGUAGE sql AS $$
  SELECT outbox_mark_sent(topics, partitions, epochs, sequences, topic_ids, '{}'::bigint[]);
$$;
