-- What a subscription could not apply (rule R12), and what queues behind it.

-- One row for each partition that ever had a parked record. `next_place` numbers them in the order of the log;
-- `generation` rises whenever a key has no parked record left, so that a consumer that still believes in one is told.
-- Locked after the marks and before anything of the service's (R13), by the consumer and by a redrive: neither
-- overtakes the other.
CREATE TABLE parked_heads (
  subscription text   NOT NULL,
  topic        text   NOT NULL,
  partition    int    NOT NULL,
  next_place   bigint NOT NULL CHECK (next_place >= 1),
  generation   bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (subscription, topic, partition)
);

CREATE TABLE parked (
  subscription    text   NOT NULL,
  topic           text   NOT NULL,
  partition       int    NOT NULL,
  -- The order in which the records of a partition are redriven: that of the log.
  place           bigint NOT NULL,
  topic_id        text   NOT NULL,
  record_offset   bigint NOT NULL,
  record_time_ms  bigint NOT NULL,
  -- The number of the record; null where it had none that could be believed.
  producer        text,
  epoch           int,
  sequence        bigint,
  -- The record as it was: bytes, and all headers as a JSON object.
  record_key      bytea,
  record_value    bytea  NOT NULL,
  headers         text   NOT NULL,
  -- What it holds up and queues by, as JSON text; null: it stands alone.
  queue_key       text,
  attempts        int    NOT NULL,
  first_failed_ms bigint NOT NULL,
  parked_ms       bigint NOT NULL,
  code            text   NOT NULL,
  message         text   NOT NULL,
  stack           text,
  status          text   NOT NULL DEFAULT 'PARKED' CHECK (status IN ('PARKED', 'APPLIED', 'DROPPED')),
  replays         int    NOT NULL DEFAULT 0,
  -- The redrive that tried it last: within one it is tried once.
  last_run        text,
  resolved_ms     bigint,
  resolved_by     text,
  resolved_reason text,
  CHECK ((status = 'PARKED') = (resolved_ms IS NULL)),
  PRIMARY KEY (subscription, topic, partition, place)
);

CREATE INDEX parked_waiting ON parked (subscription, topic, partition, queue_key, place) WHERE status = 'PARKED';
CREATE INDEX parked_order ON parked (subscription, topic, partition, place) WHERE status = 'PARKED';
CREATE INDEX parked_tried ON parked (last_run, subscription, topic, partition) WHERE status = 'PARKED' AND last_run IS NOT NULL;
CREATE INDEX parked_resolved ON parked (resolved_ms) WHERE status <> 'PARKED';

-- Raises BM002 when a key was unparked since the consumer has read what is parked. The heads stay locked to the end of
-- the transaction, in the order given.
CREATE FUNCTION parked_check(subscription_name text, topics text, partitions int[], generations bigint[]) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  topic_of text[] := string_to_array(topics, E'\x1e');
BEGIN
  FOR i IN 1 .. cardinality(partitions) LOOP
    PERFORM FROM parked_heads
      WHERE subscription = subscription_name AND topic = topic_of[i] AND partition = partitions[i]
        AND generation = generations[i]
      FOR UPDATE;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'what % has parked of %/% has changed', subscription_name, topic_of[i], partitions[i]
        USING ERRCODE = 'BM002';
    END IF;
  END LOOP;
END
$$;
