-- The hours that the service has lived through, whatever the clock said, and the lowest that it said in each (decision 0056): what
-- goes by time goes by these.
CREATE TABLE retention_hours (
  hour        bigint PRIMARY KEY,
  minute      bigint NOT NULL,
  earliest_ms bigint NOT NULL
) WITH (fillfactor = 50);
