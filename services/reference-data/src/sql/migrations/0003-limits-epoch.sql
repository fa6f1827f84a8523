-- The epoch of the topic's numbers (R6) in which an instrument's greatest limits were last compared with what the topic
-- tells: within an epoch each limit is kept by the transaction that tells it. What is listed in a later epoch than the
-- first may have been listed before, in what a restored database has lost.
ALTER TABLE instruments ADD COLUMN limits_epoch integer NOT NULL DEFAULT 0;
ALTER TABLE instruments ALTER COLUMN limits_epoch SET DEFAULT 1;
