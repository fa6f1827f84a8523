-- An order as the feeds have told it. Its facts come from three topics in no order among them (R7): what comes before the
-- order itself waits here, as JSON, oldest first.
CREATE TABLE orders (
  order_id text PRIMARY KEY,
  -- NULL until OrderCreated is here.
  client_id text,
  remark text NOT NULL DEFAULT '',
  qty text NOT NULL DEFAULT '',
  price text NOT NULL DEFAULT '',
  -- Of the last report that was taken into account: an older one, redriven late, changes nothing.
  engine_sequence bigint NOT NULL DEFAULT 0,
  orders_told bigint NOT NULL DEFAULT 0,
  trades_told bigint NOT NULL DEFAULT 0,
  filled text NOT NULL DEFAULT '0',
  waiting text NOT NULL DEFAULT '[]'
) WITH (fillfactor = 70);

-- A client's cash of one business day, in units of 10^-18 of the cash asset (R9). What the day began with is the sum of all
-- facts of earlier days, so that it does not matter in which order they came.
CREATE TABLE clients (
  client_id text PRIMARY KEY,
  cash_asset text NOT NULL,
  business_day text NOT NULL DEFAULT '',
  opening numeric(38, 0) NOT NULL DEFAULT 0 CHECK (opening <> 'NaN'),
  pay_in numeric(38, 0) NOT NULL DEFAULT 0 CHECK (pay_in <> 'NaN'),
  payout numeric(38, 0) NOT NULL DEFAULT 0 CHECK (payout <> 'NaN'),
  -- By trades, their fees, and what suspense had to pay.
  traded numeric(38, 0) NOT NULL DEFAULT 0 CHECK (traded <> 'NaN')
) WITH (fillfactor = 70);
