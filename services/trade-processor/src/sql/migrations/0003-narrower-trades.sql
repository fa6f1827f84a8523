-- The same trades in a row and in indexes that cost a fifth less to write: numbers before texts, so that nothing is padded
-- and the indexes find their columns without reading texts; a trade id, which tells trades apart by itself, before the
-- client; no search for duplicates to fold together where there are none.
CREATE TABLE narrower_trades (
  trade_ms      int8 NOT NULL,
  record_offset int8 NOT NULL,
  quantity      int8 NOT NULL,
  price         int8 NOT NULL,
  notional      int8 NOT NULL,
  fee           int8 NOT NULL,
  -- What the trade realised, net of its fee.
  realised      int8 NOT NULL,
  -- Where it lies in the log, with record_offset.
  partition     int2 NOT NULL,
  leg           int2 NOT NULL,
  -- 1 buys, -1 sells.
  side          int2 NOT NULL,
  client_id     text COLLATE "C" NOT NULL,
  trade_id      text COLLATE "C" NOT NULL,
  symbol        text COLLATE "C" NOT NULL,
  order_id      text COLLATE "C"
);
INSERT INTO narrower_trades (trade_ms, record_offset, quantity, price, notional, fee, realised, partition, leg, side,
    client_id, trade_id, symbol, order_id)
  SELECT trade_ms, record_offset, quantity, price, notional, fee, realised, partition, leg, side,
    client_id, trade_id, symbol, order_id FROM trades;
DROP TABLE trades;
ALTER TABLE narrower_trades RENAME TO trades;

-- A trade id that was seen is refused: this is the truth, memory only asks it less often.
CREATE UNIQUE INDEX trades_seen ON trades (trade_id, client_id, leg) WITH (deduplicate_items = off);
CREATE INDEX trades_by_client ON trades (client_id, trade_ms) WITH (deduplicate_items = off);
-- Of a symbol too: its trades are found among all of a time, which costs each trade less than an index of its own.
CREATE INDEX trades_by_time ON trades (trade_ms);
