-- For writes that were decided from rows in memory (decision 0016). Raises BW001 where fewer rows were written than were
-- known: one of them has moved, and nothing of the transaction stays.
CREATE FUNCTION rows_written(written bigint, expected bigint, what text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF written <> expected THEN
    RAISE EXCEPTION '% of % % are as they were known', written, expected, what USING ERRCODE = 'BW001';
  END IF;
END
$$;
