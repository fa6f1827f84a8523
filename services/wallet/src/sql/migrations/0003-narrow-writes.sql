-- A new hold has executed nothing: its row need not say so.
ALTER TABLE holds
  ALTER COLUMN done SET DEFAULT false,
  ALTER COLUMN engine_sequence SET DEFAULT 0,
  ALTER COLUMN cumulative_lots SET DEFAULT 0,
  ALTER COLUMN cumulative_notional SET DEFAULT 0,
  ALTER COLUMN cumulative_fee SET DEFAULT 0,
  ALTER COLUMN settled_lots SET DEFAULT 0,
  ALTER COLUMN settled_notional SET DEFAULT 0,
  ALTER COLUMN settled_fee SET DEFAULT 0;

-- No query could use it: statements go by the owner of a leg, which the view postings derives from the kind of the entry.
DROP INDEX transfer_entries_account;
