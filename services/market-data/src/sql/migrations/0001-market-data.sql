-- Prices are ticks and quantities lots of their instrument, amounts are minor units of its quote asset (R9).

-- Every trade once: its number in the engine's output is its place (R15).
CREATE TABLE trades (
  symbol text NOT NULL,
  engine_sequence bigint NOT NULL,
  trade_number bigint NOT NULL CHECK (trade_number > 0),
  time_ms bigint NOT NULL,
  price_ticks bigint NOT NULL CHECK (price_ticks > 0),
  quantity_lots bigint NOT NULL CHECK (quantity_lots > 0),
  buyer_aggressed boolean NOT NULL,
  buyer_order uuid NOT NULL,
  seller_order uuid NOT NULL,
  buyer_account text NOT NULL,
  seller_account text NOT NULL,
  buyer_fee numeric(38, 0) NOT NULL CHECK (buyer_fee <> 'NaN'),
  seller_fee numeric(38, 0) NOT NULL CHECK (seller_fee <> 'NaN'),
  PRIMARY KEY (symbol, engine_sequence)
);

-- Executions against hidden orders of a recorded market: on the tape, and nowhere else. Prices may be off the tick.
-- Its place on the tape is behind the trade `after_sequence`.
CREATE TABLE prints (
  symbol text NOT NULL,
  print_number bigint NOT NULL CHECK (print_number > 0),
  print_id text NOT NULL,
  after_sequence bigint NOT NULL,
  time_ms bigint NOT NULL,
  price text NOT NULL,
  quantity text NOT NULL,
  aggressor_side text CHECK (aggressor_side IN ('BUY', 'SELL')),
  PRIMARY KEY (symbol, print_number),
  UNIQUE (symbol, print_id)
);
CREATE INDEX prints_tape ON prints (symbol, after_sequence, print_number);

CREATE TABLE candles (
  symbol text NOT NULL,
  interval_ms bigint NOT NULL,
  start_ms bigint NOT NULL,
  open_ticks bigint NOT NULL,
  high_ticks bigint NOT NULL,
  low_ticks bigint NOT NULL,
  close_ticks bigint NOT NULL,
  volume_lots bigint NOT NULL,
  turnover numeric(38, 0) NOT NULL CHECK (turnover <> 'NaN'),
  trades bigint NOT NULL,
  PRIMARY KEY (symbol, interval_ms, start_ms)
) WITH (fillfactor = 50);

-- The last trade of each symbol, and how many prints it has.
CREATE TABLE markets (
  symbol text PRIMARY KEY,
  last_ticks bigint,
  last_time_ms bigint,
  last_sequence bigint NOT NULL,
  prints bigint NOT NULL
) WITH (fillfactor = 50);

-- As of which trade and book each price was last published: instances don't publish the same one twice.
CREATE TABLE published_prices (
  symbol text PRIMARY KEY,
  last_sequence bigint NOT NULL,
  book_sequence bigint NOT NULL
) WITH (fillfactor = 50);

-- Books as of an offset of book-events: where a starting instance begins, however long the topic is.
CREATE TABLE books (
  symbol text PRIMARY KEY,
  partition integer NOT NULL,
  book_sequence bigint NOT NULL,
  levels json NOT NULL
);

CREATE TABLE book_positions (
  partition integer PRIMARY KEY,
  topic_id text NOT NULL,
  -- The last record that the books of the partition have seen.
  last_offset bigint NOT NULL
);
