-- A row's version tells an instance whether what it knows of the row still holds: it decides in memory and writes in
-- one trip (decision 0016). Every write counts it up.
ALTER TABLE balances ADD COLUMN version bigint NOT NULL DEFAULT 1;
ALTER TABLE holds ADD COLUMN version bigint NOT NULL DEFAULT 1;

-- Orphans are looked for among holds that nothing has touched (R10). A column of its own, set once, leaves the updates
-- that follow free of the index.
ALTER TABLE holds ADD COLUMN touched boolean NOT NULL DEFAULT false;
UPDATE holds SET touched = true WHERE engine_sequence > 0 OR done;
DROP INDEX holds_untouched;
CREATE INDEX holds_untouched ON holds (created_ms) WHERE NOT touched;
