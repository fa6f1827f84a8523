-- The accounts of an entry stand beside each of its legs: who asks for one account's has the entries looked through, and the legs
-- made of its own alone. By the owner of a leg those of all entries had to be made first.
CREATE OR REPLACE VIEW postings AS
  SELECT e.kind, e.journal_id, leg.ledger, leg.owner, e.asset, leg.amount, e.time_ms, e.account_id AS party,
    NULL::text AS other_party
  FROM transfer_entries e
  CROSS JOIN LATERAL (VALUES
    (CASE e.kind WHEN 'HOLD' THEN 'AVAILABLE' WHEN 'WITHDRAWAL' THEN 'AVAILABLE' WHEN 'RELEASE' THEN 'HELD'
       WHEN 'SHORTFALL' THEN 'SUSPENSE' ELSE 'EXTERNAL' END,
     CASE WHEN e.kind IN ('SHORTFALL', 'DEPOSIT') THEN 'partition-' || e.partition ELSE e.account_id END, -e.amount),
    (CASE e.kind WHEN 'HOLD' THEN 'HELD' WHEN 'SHORTFALL' THEN 'HELD' WHEN 'WITHDRAWAL' THEN 'EXTERNAL' ELSE 'AVAILABLE' END,
     CASE WHEN e.kind = 'WITHDRAWAL' THEN 'partition-' || e.partition ELSE e.account_id END, e.amount)
  ) AS leg (ledger, owner, amount)
  UNION ALL
  SELECT 'TRADE', 'trade/' || e.trade_id, leg.ledger, leg.owner, leg.asset, leg.amount, e.time_ms, e.buyer_account,
    e.seller_account
  FROM trade_entries e
  CROSS JOIN LATERAL (VALUES
    ('HELD', e.seller_account, e.base_asset, -e.quantity),
    ('AVAILABLE', e.buyer_account, e.base_asset, e.quantity),
    ('HELD', e.buyer_account, e.quote_asset, -e.notional - e.buyer_fee),
    ('AVAILABLE', e.seller_account, e.quote_asset, e.notional - e.seller_fee),
    ('FEE_INCOME', 'partition-' || e.partition, e.quote_asset, e.buyer_fee + e.seller_fee)
  ) AS leg (ledger, owner, asset, amount);
