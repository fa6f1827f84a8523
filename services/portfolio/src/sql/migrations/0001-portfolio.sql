-- One row per account and symbol. Quantities are lots, negative where short; amounts are minor units of the quote asset (R9).
CREATE TABLE positions (
  account_id text NOT NULL,
  symbol text NOT NULL,
  method text NOT NULL CHECK (method IN ('FIFO', 'LIFO', 'AVERAGE')),
  quantity_lots numeric(38, 0) NOT NULL CHECK (quantity_lots <> 'NaN'),
  cost numeric(38, 0) NOT NULL CHECK (cost <> 'NaN'),
  realised numeric(38, 0) NOT NULL CHECK (realised <> 'NaN'),
  fees numeric(38, 0) NOT NULL CHECK (fees <> 'NaN'),
  -- Open lots, oldest first, as quantity@price in lots and ticks: 5@18000,7@18010. Empty by average cost.
  open_lots text NOT NULL,
  trades bigint NOT NULL CHECK (trades > 0),
  PRIMARY KEY (account_id, symbol)
) WITH (fillfactor = 50);
