-- What operators told the engine last, to be read again; whether the engine took it is in `commands`.
-- Prices are null where bands were taken away.
CREATE TABLE price_bands (
  symbol text PRIMARY KEY,
  lower_ticks bigint,
  upper_ticks bigint,
  limit_state_ms integer,
  request_id uuid NOT NULL,
  set_ms bigint NOT NULL
);

-- A command for each partition. Null: the account stands alone.
CREATE TABLE self_trade_groups (
  account_id text PRIMARY KEY,
  self_trade_group text,
  request_ids uuid[] NOT NULL,
  set_ms bigint NOT NULL
);
