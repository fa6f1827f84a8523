-- How often the log was seen to have lost what it had. A mark of an instance that has not heard of the last time says nothing of
-- what the log has now, and is not taken (R4).
ALTER TABLE outbox_sent ADD COLUMN losses int NOT NULL DEFAULT 0;

CREATE FUNCTION outbox_mark_sent(
  topics text, partitions int[], epochs int[], sequences bigint[], topic_ids text, end_offsets bigint[], losses int[])
RETURNS void
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  topic_of  text[] := string_to_array(topics, E'\x1e');
  id_of     text[] := string_to_array(topic_ids, E'\x1e');
  losses_of int[]  := outbox_mark_sent.losses;
BEGIN
  FOR i IN 1 .. cardinality(partitions) LOOP
    INSERT INTO outbox_sent AS sent (topic, partition, epoch, sequence, topic_id, end_offset, losses)
      VALUES (topic_of[i], partitions[i], epochs[i], sequences[i], id_of[i], end_offsets[i], coalesce(losses_of[i], 0))
      ON CONFLICT (topic, partition)
      DO UPDATE SET epoch = excluded.epoch, sequence = excluded.sequence, topic_id = excluded.topic_id,
        end_offset = excluded.end_offset
      WHERE sent.losses = excluded.losses
        AND ((sent.epoch, sent.sequence) < (excluded.epoch, excluded.sequence) OR sent.topic_id <> excluded.topic_id);
  END LOOP;
END
$$;

-- Instances of the earlier version may still run beside this one: they have heard of no loss.
CREATE OR REPLACE FUNCTION outbox_mark_sent(
  topics text, partitions int[], epochs int[], sequences bigint[], topic_ids text, end_offsets bigint[])
RETURNS void
LANGUAGE sql AS $$
  SELECT outbox_mark_sent(topics, partitions, epochs, sequences, topic_ids, end_offsets, '{}'::int[]);
$$;
