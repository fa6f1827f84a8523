-- Rows are known in memory: the version says whether what is known still holds (decision 0029). What a trade tells of its
-- order never changes, so trades leave no trace here. An id as uuid is half as long as its text.
ALTER TABLE orders
  ALTER COLUMN order_id TYPE uuid USING order_id::uuid,
  ADD COLUMN version bigint NOT NULL DEFAULT 1,
  DROP COLUMN trades_told,
  DROP COLUMN filled,
  -- NULL: nothing waits.
  ALTER COLUMN waiting DROP NOT NULL,
  ALTER COLUMN waiting DROP DEFAULT;
UPDATE orders SET waiting = NULL WHERE waiting = '[]';

ALTER TABLE clients ALTER COLUMN client_id TYPE text COLLATE "C";
