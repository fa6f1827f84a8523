-- A row for each instance that runs, and for each whose end was not clean.
CREATE TABLE runs (run_id text PRIMARY KEY);

INSERT INTO runs (run_id) SELECT 'before' FROM last_end WHERE NOT clean;

DROP TABLE last_end;
