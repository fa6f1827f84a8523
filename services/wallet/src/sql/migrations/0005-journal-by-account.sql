-- A statement finds its account's entries by summaries of 32 pages each, which say from when to when they are and, by a Bloom
-- filter, whose. An entry pays nothing for them when it is written (decision 0049): jobs/summarise-journal.ts makes them of whole
-- ranges. The numbers are of the accounts that a range may have: some more than it has entries.
CREATE INDEX transfer_entries_by_account ON transfer_entries
  USING brin (time_ms, account_id text_bloom_ops (n_distinct_per_range = 2500)) WITH (pages_per_range = 32);
CREATE INDEX trade_entries_by_account ON trade_entries
  USING brin (time_ms, buyer_account text_bloom_ops (n_distinct_per_range = 1800),
    seller_account text_bloom_ops (n_distinct_per_range = 1800)) WITH (pages_per_range = 32);

-- Each leg by a SELECT of its own: of VALUES PostgreSQL prepares the expressions anew for each entry, which was most of the time of
-- reading one.
CREATE OR REPLACE VIEW postings AS
  SELECT e.kind, e.journal_id, leg.ledger, leg.owner, e.asset, leg.amount, e.time_ms, e.account_id AS party,
    NULL::text AS other_party
  FROM transfer_entries e
  CROSS JOIN LATERAL (
    SELECT CASE e.kind WHEN 'HOLD' THEN 'AVAILABLE' WHEN 'WITHDRAWAL' THEN 'AVAILABLE' WHEN 'RELEASE' THEN 'HELD'
        WHEN 'SHORTFALL' THEN 'SUSPENSE' ELSE 'EXTERNAL' END AS ledger,
      CASE WHEN e.kind IN ('SHORTFALL', 'DEPOSIT') THEN 'partition-' || e.partition ELSE e.account_id END AS owner,
      -e.amount AS amount
    UNION ALL
    SELECT CASE e.kind WHEN 'HOLD' THEN 'HELD' WHEN 'SHORTFALL' THEN 'HELD' WHEN 'WITHDRAWAL' THEN 'EXTERNAL'
        ELSE 'AVAILABLE' END,
      CASE WHEN e.kind = 'WITHDRAWAL' THEN 'partition-' || e.partition ELSE e.account_id END,
      e.amount
  ) AS leg
  UNION ALL
  SELECT 'TRADE', 'trade/' || e.trade_id, leg.ledger, leg.owner, leg.asset, leg.amount, e.time_ms, e.buyer_account,
    e.seller_account
  FROM trade_entries e
  CROSS JOIN LATERAL (
    SELECT 'HELD' AS ledger, e.seller_account AS owner, e.base_asset AS asset, -e.quantity AS amount
    UNION ALL SELECT 'AVAILABLE', e.buyer_account, e.base_asset, e.quantity
    UNION ALL SELECT 'HELD', e.buyer_account, e.quote_asset, -e.notional - e.buyer_fee
    UNION ALL SELECT 'AVAILABLE', e.seller_account, e.quote_asset, e.notional - e.seller_fee
    UNION ALL SELECT 'FEE_INCOME', 'partition-' || e.partition, e.quote_asset, e.buyer_fee + e.seller_fee
  ) AS leg;
