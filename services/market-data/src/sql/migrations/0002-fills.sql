-- Self-trade prevention moved quantity between accounts of one group: no trade of the market, but a fill of both orders.
CREATE TABLE transfers (
  symbol text NOT NULL,
  engine_sequence bigint NOT NULL,
  time_ms bigint NOT NULL,
  price_ticks bigint NOT NULL CHECK (price_ticks > 0),
  quantity_lots bigint NOT NULL CHECK (quantity_lots > 0),
  buyer_aggressed boolean NOT NULL,
  buyer_order uuid NOT NULL,
  seller_order uuid NOT NULL,
  buyer_account text NOT NULL,
  seller_account text NOT NULL,
  PRIMARY KEY (symbol, engine_sequence)
);

-- An account's fills, and those of an order, are found by summaries of 32 pages each, which a trade pays nothing for when it is
-- written (decisions 0049, 0051): jobs/summarise-fills.ts makes them of whole ranges. A range has some 1,700 trades. By Bloom
-- filters of as many names, accounts and orders of both sides do not fit one summary.
CREATE INDEX trades_by_account ON trades
  USING brin (time_ms, buyer_account text_bloom_ops (n_distinct_per_range = 1800),
    seller_account text_bloom_ops (n_distinct_per_range = 1800)) WITH (pages_per_range = 32);
CREATE INDEX trades_by_order ON trades
  USING brin (buyer_order uuid_bloom_ops (n_distinct_per_range = 1800),
    seller_order uuid_bloom_ops (n_distinct_per_range = 1800)) WITH (pages_per_range = 32);
CREATE INDEX transfers_by_account ON transfers
  USING brin (time_ms, buyer_account text_bloom_ops (n_distinct_per_range = 1800),
    seller_account text_bloom_ops (n_distinct_per_range = 1800)) WITH (pages_per_range = 32);
CREATE INDEX transfers_by_order ON transfers
  USING brin (buyer_order uuid_bloom_ops (n_distinct_per_range = 1800),
    seller_order uuid_bloom_ops (n_distinct_per_range = 1800)) WITH (pages_per_range = 32);

-- The first range has a summary from the beginning, which each of its trades would write again.
SELECT brin_desummarize_range(index, 0)
FROM unnest(ARRAY['trades_by_account', 'trades_by_order', 'transfers_by_account', 'transfers_by_order']::regclass[]) AS index;

-- Each side of each execution. A SELECT for each side, so that whose it is can be asked of an index.
CREATE VIEW fills AS
  SELECT symbol, engine_sequence, symbol || '-' || trade_number AS trade_id, time_ms, price_ticks, quantity_lots, 'BUY' AS side,
    buyer_aggressed AS took, buyer_order AS order_id, buyer_account AS account_id, buyer_fee AS fee, false AS transfer
  FROM trades
  UNION ALL
  SELECT symbol, engine_sequence, symbol || '-' || trade_number, time_ms, price_ticks, quantity_lots, 'SELL',
    NOT buyer_aggressed, seller_order, seller_account, seller_fee, false
  FROM trades
  UNION ALL
  SELECT symbol, engine_sequence, symbol || '-T' || engine_sequence, time_ms, price_ticks, quantity_lots, 'BUY',
    buyer_aggressed, buyer_order, buyer_account, 0, true
  FROM transfers
  UNION ALL
  SELECT symbol, engine_sequence, symbol || '-T' || engine_sequence, time_ms, price_ticks, quantity_lots, 'SELL',
    NOT buyer_aggressed, seller_order, seller_account, 0, true
  FROM transfers;
