-- A function of one SQL expression becomes a part of the statement that calls it, so where all rows were written none is
-- called: entering PL/pgSQL was a tenth of a small statement.
CREATE FUNCTION rows_moved(written bigint, expected bigint, what text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% of % % are as they were known', written, expected, what USING ERRCODE = 'BW001';
END
$$;

CREATE OR REPLACE FUNCTION rows_written(written bigint, expected bigint, what text) RETURNS void
LANGUAGE sql AS $$
  SELECT CASE WHEN written <> expected THEN rows_moved(written, expected, what) END
$$;
