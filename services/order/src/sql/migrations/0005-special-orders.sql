-- What an order has beyond a plain limit or market order, as JSON under the names of the API; plain orders have none.
ALTER TYPE order_type ADD VALUE 'STOP_LOSS';
ALTER TYPE order_type ADD VALUE 'STOP_LIMIT';
ALTER TYPE order_type ADD VALUE 'TRAILING_STOP';
ALTER TYPE order_type ADD VALUE 'ICEBERG';
ALTER TYPE order_type ADD VALUE 'PEGGED';
ALTER TYPE command_kind ADD VALUE 'BANDS';
ALTER TYPE command_kind ADD VALUE 'GROUP';
ALTER TYPE command_kind ADD VALUE 'SESSION';

ALTER TABLE orders ADD COLUMN special text;
ALTER TABLE orders ADD COLUMN triggered boolean NOT NULL DEFAULT false;

-- Markets that stand at a price band: when it becomes a pause, by which time the engine must be told the time (R8).
CREATE TABLE limit_states (
  symbol text PRIMARY KEY,
  partition smallint NOT NULL,
  until_ms bigint NOT NULL
);

-- Cancel on disconnect: sessions whose orders are cancelled unless they are heard of by then.
CREATE TABLE session_leases (
  account_id text NOT NULL,
  session_id text NOT NULL,
  close_at_ms bigint NOT NULL,
  PRIMARY KEY (account_id, session_id)
);
CREATE INDEX session_leases_due ON session_leases (close_at_ms);
