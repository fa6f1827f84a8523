CREATE TYPE side AS ENUM ('BUY', 'SELL');
CREATE TYPE order_type AS ENUM ('LIMIT', 'MARKET');
CREATE TYPE time_in_force AS ENUM ('GTC', 'DAY', 'GTD', 'IOC', 'FOK');
CREATE TYPE order_status AS ENUM
  ('PENDING', 'OPEN', 'PARTIALLY_FILLED', 'FILLED', 'CANCELLED', 'EXPIRED', 'REJECTED');
CREATE TYPE command_kind AS ENUM ('AMEND', 'CANCEL', 'MASS_CANCEL', 'HALT', 'RESUME', 'TIME');

-- One row for each order id that was ever used: the row is the idempotency record (R10).
-- A tombstone has no symbol and none of the terms.
CREATE TABLE orders (
  order_id uuid PRIMARY KEY,
  body_hash uuid,
  created_ms bigint NOT NULL,
  updated_ms bigint NOT NULL,
  expire_at_ms bigint,
  quantity_lots bigint,
  price_ticks bigint,
  bound_ticks bigint,
  filled_lots bigint NOT NULL DEFAULT 0,
  leaves_lots bigint NOT NULL DEFAULT 0,
  cancelled_lots bigint NOT NULL DEFAULT 0,
  engine_sequence bigint NOT NULL DEFAULT 0,
  side side,
  order_type order_type,
  time_in_force time_in_force,
  status order_status NOT NULL,
  maker_fee_ppm integer,
  taker_fee_ppm integer,
  partition smallint,
  post_only boolean,
  account_id text NOT NULL,
  client_order_id text,
  symbol text,
  filled_notional_units numeric(38,0) NOT NULL DEFAULT 0
    CHECK (filled_notional_units <> 'NaN' AND filled_notional_units >= 0),
  fee_units numeric(38,0) NOT NULL DEFAULT 0 CHECK (fee_units <> 'NaN'),
  bot_id text,
  remark text,
  reason text,
  refusal text,
  CONSTRAINT orders_quantities CHECK (
    symbol IS NULL
    OR (filled_lots >= 0 AND leaves_lots >= 0 AND cancelled_lots >= 0
        AND quantity_lots = filled_lots + leaves_lots + cancelled_lots))
) WITH (fillfactor = 70);

-- No index holds a column that a report changes, so that updates stay within their page.
CREATE INDEX orders_by_account ON orders (account_id, created_ms, order_id);
CREATE INDEX orders_by_expiry ON orders (expire_at_ms) WHERE expire_at_ms IS NOT NULL;

-- Amendments, cancels and what an operator or a job asks of the engine, by request id.
-- An AMEND that is refused without order is the tombstone of a raise that was given up (R10).
CREATE TABLE commands (
  request_id uuid PRIMARY KEY,
  order_id uuid,
  created_ms bigint NOT NULL,
  completed_ms bigint,
  quantity_lots bigint,
  price_ticks bigint,
  kind command_kind NOT NULL,
  partition smallint NOT NULL,
  raises boolean NOT NULL,
  accepted boolean,
  account_id text,
  symbol text,
  reason text
) WITH (fillfactor = 70);

CREATE INDEX commands_amends ON commands (order_id) WHERE kind = 'AMEND';
CREATE INDEX commands_time ON commands (partition, created_ms) WHERE kind = 'TIME';

-- R11: an amendment that raises a hold is alone in flight on its order, whichever instance sends it.
CREATE TABLE raises_in_flight (
  order_id uuid PRIMARY KEY,
  request_id uuid NOT NULL
);
