-- An account's open orders are found without going through all that it ever had, and without an index that an order pays for
-- (decision 0050). What was made up to `floor_ms` and is open is in `resting_orders`, beside some that no longer are; what was
-- made later is found by account and time.
CREATE TABLE resting_orders (
  account_id text NOT NULL,
  order_id uuid NOT NULL,
  PRIMARY KEY (account_id, order_id)
);

-- One row. `announced_ms`: the next floor, from which on whoever inserts an older order tells `resting_orders` himself.
-- `horizon`: transactions with numbers below it may have begun before that. `head`: what order-events had got by then.
CREATE TABLE open_floor (
  floor_ms bigint NOT NULL,
  announced_ms bigint NOT NULL CHECK (announced_ms >= floor_ms),
  horizon bigint,
  head numeric NOT NULL
);
INSERT INTO open_floor VALUES (-1, -1, NULL, 0);
