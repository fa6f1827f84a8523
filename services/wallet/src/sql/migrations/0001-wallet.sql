-- Amounts are whole minor units (R9). numeric(38,0) admits NaN, so every amount is checked against it.

CREATE TABLE accounts (
  account_id text PRIMARY KEY,
  name text NOT NULL,
  status text NOT NULL CHECK (status IN ('OPEN', 'BLOCKED')),
  created_ms bigint NOT NULL
);

CREATE TABLE balances (
  account_id text NOT NULL,
  asset text NOT NULL,
  available numeric(38, 0) NOT NULL CHECK (available >= 0 AND available <> 'NaN'),
  held numeric(38, 0) NOT NULL CHECK (held >= 0 AND held <> 'NaN'),
  PRIMARY KEY (account_id, asset)
) WITH (fillfactor = 50);

-- One row per order: what is reserved for it and the facts that say how much (R11). A closed row stays as the tombstone
-- that a late hold meets (R10).
CREATE TABLE holds (
  order_id uuid PRIMARY KEY,
  account_id text NOT NULL,
  symbol text NOT NULL,
  buy boolean NOT NULL,
  asset text NOT NULL,
  max_fee_ppm integer NOT NULL,
  bound_ticks bigint NOT NULL,
  leaves_lots bigint NOT NULL CHECK (leaves_lots >= 0),
  done boolean NOT NULL,
  engine_sequence bigint NOT NULL,
  cumulative_lots bigint NOT NULL,
  cumulative_notional numeric(38, 0) NOT NULL CHECK (cumulative_notional <> 'NaN'),
  cumulative_fee numeric(38, 0) NOT NULL CHECK (cumulative_fee <> 'NaN'),
  settled_lots bigint NOT NULL CHECK (settled_lots <= cumulative_lots),
  settled_notional numeric(38, 0) NOT NULL CHECK (settled_notional <> 'NaN'),
  settled_fee numeric(38, 0) NOT NULL CHECK (settled_fee <> 'NaN'),
  held numeric(38, 0) NOT NULL CHECK (held >= 0 AND held <> 'NaN'),
  pending_request text,
  pending_bound_ticks bigint,
  pending_quantity_lots bigint,
  pending_created_ms bigint,
  created_ms bigint NOT NULL
) WITH (fillfactor = 70);

-- What could be an orphan: never touched by the engine, or with a raise in flight. Both leave the index soon.
CREATE INDEX holds_untouched ON holds (created_ms) WHERE engine_sequence = 0 AND NOT done;
CREATE INDEX holds_raised ON holds (pending_created_ms) WHERE pending_request IS NOT NULL;

CREATE TABLE closed_raises (
  request_id text PRIMARY KEY,
  created_ms bigint NOT NULL
);

-- The journal is append-only and narrow: one row per entry, from which the view postings derives the legs (packages/ledger
-- says what each kind moves). Nothing here needs to be unique: holds, marks and cash_requests see to it.
CREATE TABLE transfer_entries (
  journal_id text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('HOLD', 'RELEASE', 'SHORTFALL', 'DEPOSIT', 'WITHDRAWAL')),
  account_id text NOT NULL,
  asset text NOT NULL,
  amount numeric(38, 0) NOT NULL CHECK (amount > 0 AND amount <> 'NaN'),
  -- fee, external and suspense accounts: one per partition, insert-only (R13)
  partition integer NOT NULL,
  time_ms bigint NOT NULL
);
CREATE INDEX transfer_entries_account ON transfer_entries (account_id, time_ms);

CREATE TABLE trade_entries (
  trade_id text PRIMARY KEY,
  symbol text NOT NULL,
  partition integer NOT NULL,
  buyer_account text NOT NULL,
  seller_account text NOT NULL,
  base_asset text NOT NULL,
  quote_asset text NOT NULL,
  quantity numeric(38, 0) NOT NULL CHECK (quantity > 0 AND quantity <> 'NaN'),
  notional numeric(38, 0) NOT NULL CHECK (notional > 0 AND notional <> 'NaN'),
  buyer_fee numeric(38, 0) NOT NULL CHECK (buyer_fee <> 'NaN'),
  seller_fee numeric(38, 0) NOT NULL CHECK (seller_fee <> 'NaN'),
  time_ms bigint NOT NULL
);

-- Deposits and withdrawals by the request that asked for them, with the answer it was given.
CREATE TABLE cash_requests (
  account_id text NOT NULL,
  request_id text NOT NULL,
  asset text NOT NULL,
  amount numeric(38, 0) NOT NULL,
  available_after numeric(38, 0) NOT NULL,
  held_after numeric(38, 0) NOT NULL,
  PRIMARY KEY (account_id, request_id)
);

-- Every leg of every entry. Positive is a credit, negative a debit; each entry sums to zero per asset. Customers' accounts
-- and fee income are credit-normal, external and suspense are debit-normal.
CREATE VIEW postings AS
  SELECT e.kind, e.journal_id, leg.ledger, leg.owner, e.asset, leg.amount, e.time_ms
  FROM transfer_entries e
  CROSS JOIN LATERAL (VALUES
    (CASE e.kind WHEN 'HOLD' THEN 'AVAILABLE' WHEN 'WITHDRAWAL' THEN 'AVAILABLE' WHEN 'RELEASE' THEN 'HELD'
       WHEN 'SHORTFALL' THEN 'SUSPENSE' ELSE 'EXTERNAL' END,
     CASE WHEN e.kind IN ('SHORTFALL', 'DEPOSIT') THEN 'partition-' || e.partition ELSE e.account_id END, -e.amount),
    (CASE e.kind WHEN 'HOLD' THEN 'HELD' WHEN 'SHORTFALL' THEN 'HELD' WHEN 'WITHDRAWAL' THEN 'EXTERNAL' ELSE 'AVAILABLE' END,
     CASE WHEN e.kind = 'WITHDRAWAL' THEN 'partition-' || e.partition ELSE e.account_id END, e.amount)
  ) AS leg (ledger, owner, amount)
  UNION ALL
  SELECT 'TRADE', 'trade/' || e.trade_id, leg.ledger, leg.owner, leg.asset, leg.amount, e.time_ms
  FROM trade_entries e
  CROSS JOIN LATERAL (VALUES
    ('HELD', e.seller_account, e.base_asset, -e.quantity),
    ('AVAILABLE', e.buyer_account, e.base_asset, e.quantity),
    ('HELD', e.buyer_account, e.quote_asset, -e.notional - e.buyer_fee),
    ('AVAILABLE', e.seller_account, e.quote_asset, e.notional - e.seller_fee),
    ('FEE_INCOME', 'partition-' || e.partition, e.quote_asset, e.buyer_fee + e.seller_fee)
  ) AS leg (ledger, owner, asset, amount);
