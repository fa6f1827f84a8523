-- R6: the epochs after the first, one row for each (topic, partition) that `bourse recover` took into a new one.
CREATE TABLE outbox_epochs (
  topic             text   NOT NULL,
  partition         int    NOT NULL,
  epoch             int    NOT NULL CHECK (epoch >= 2),
  -- Of the EpochStarted record: behind the last number that the topic had.
  first_sequence    bigint NOT NULL CHECK (first_sequence >= 1),
  -- The last number that the restored database had.
  restored_sequence bigint NOT NULL,
  started_ms        bigint NOT NULL,
  PRIMARY KEY (topic, partition, epoch)
);
