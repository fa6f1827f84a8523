-- Results of the trade stream. Amounts are integers in the scales of the symbol's instrument (R9): prices in ticks of
-- 10^-price_scale, quantities in lots of 10^-quantity_scale, money in units of 10^-amount_scale.
CREATE TABLE instruments (
  symbol         text COLLATE "C" PRIMARY KEY,
  price_scale    int NOT NULL CHECK (price_scale >= 0),
  quantity_scale int NOT NULL CHECK (quantity_scale >= 0),
  amount_scale   int NOT NULL CHECK (amount_scale >= price_scale + quantity_scale)
);

-- One row for each client's side of a trade. leg: 0 a report, 1 the buyer and 2 the seller of a trade of the platform.
CREATE TABLE trades (
  client_id     text COLLATE "C" NOT NULL,
  trade_id      text COLLATE "C" NOT NULL,
  leg           int2 NOT NULL,
  order_id      text COLLATE "C",
  symbol        text COLLATE "C" NOT NULL,
  -- 1 buys, -1 sells.
  side          int2 NOT NULL,
  quantity      int8 NOT NULL,
  price         int8 NOT NULL,
  notional      int8 NOT NULL,
  fee           int8 NOT NULL,
  -- What the trade realised, net of its fee.
  realised      int8 NOT NULL,
  trade_ms      int8 NOT NULL,
  -- Where it lies in the log.
  partition     int2 NOT NULL,
  record_offset int8 NOT NULL
);
-- A trade id that was seen is refused: this is the truth, memory only asks it less often.
CREATE UNIQUE INDEX trades_seen ON trades (client_id, trade_id, leg);
CREATE INDEX trades_by_client ON trades (client_id, trade_ms);
-- Of a symbol too: its trades are found among all of a time, which costs each trade less than an index of its own.
CREATE INDEX trades_by_time ON trades (trade_ms);

-- Where trades go elsewhere than into this database, their ids are kept here.
CREATE TABLE trade_ids (
  client_id text COLLATE "C" NOT NULL,
  trade_id  text COLLATE "C" NOT NULL,
  leg       int2 NOT NULL,
  PRIMARY KEY (client_id, trade_id, leg)
);

-- One row per client and symbol, one write a batch however many trades changed it. version guards what is decided from
-- memory: a row that somebody else has written makes the batch begin anew.
CREATE TABLE positions (
  client_id text COLLATE "C" NOT NULL,
  symbol    text COLLATE "C" NOT NULL,
  method    text NOT NULL CHECK (method IN ('FIFO', 'LIFO', 'AVERAGE')),
  quantity  numeric(38, 0) NOT NULL CHECK (quantity <> 'NaN'),
  cost      numeric(38, 0) NOT NULL CHECK (cost <> 'NaN'),
  realised  numeric(38, 0) NOT NULL CHECK (realised <> 'NaN'),
  fees      numeric(38, 0) NOT NULL CHECK (fees <> 'NaN'),
  -- Open lots, oldest first, as quantity@price in lots and ticks. Empty by average cost.
  open_lots text NOT NULL,
  trades    int8 NOT NULL CHECK (trades > 0),
  version   int8 NOT NULL CHECK (version > 0),
  PRIMARY KEY (client_id, symbol)
) WITH (fillfactor = 50);

-- The last price of each symbol in each partition of a topic, so that two instances never write one row. The newest of
-- them values positions.
CREATE TABLE last_prices (
  symbol        text COLLATE "C" NOT NULL,
  topic         text COLLATE "C" NOT NULL,
  partition     int NOT NULL,
  price         int8 NOT NULL,
  trade_ms      int8 NOT NULL,
  record_offset int8 NOT NULL,
  PRIMARY KEY (symbol, topic, partition)
) WITH (fillfactor = 50);
