-- An index that is made on an empty table has a summary of its first range, which each of its entries then writes again: a quarter
-- of a millisecond each, until the range is full. The job makes it like all others.
SELECT brin_desummarize_range(index, 0)
FROM unnest(ARRAY['transfer_entries_by_account', 'trade_entries_by_account']::regclass[]) AS index;
