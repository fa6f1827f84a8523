-- What operators have halted, besides a definition's own status. Not a column of the instrument: a recovery knows of the
-- halt before it has read the definition of a symbol that was listed after the backup (R6).
CREATE TABLE halted_symbols (
  symbol text PRIMARY KEY
);
INSERT INTO halted_symbols SELECT symbol FROM instruments WHERE halted;
ALTER TABLE instruments DROP COLUMN halted;

-- A command to all partitions may have reached only some of them when the database was lost. Of what was recovered before,
-- all are taken to have it.
ALTER TABLE recovered_requests DROP CONSTRAINT recovered_requests_pkey;
ALTER TABLE recovered_requests ADD COLUMN partition smallint NOT NULL DEFAULT 0;
ALTER TABLE recovered_requests ALTER COLUMN partition DROP DEFAULT;
INSERT INTO recovered_requests SELECT request_id, other FROM recovered_requests, generate_series(1, 3) AS other;
ALTER TABLE recovered_requests ADD PRIMARY KEY (request_id, partition);
