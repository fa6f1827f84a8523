-- What the partitions of order-events have been told exactly once.
CREATE TABLE engine_versions (
  partition smallint NOT NULL,
  version integer NOT NULL,
  activated_ms bigint NOT NULL,
  PRIMARY KEY (partition, version)
);

-- How far matching has come with each partition: the last command whose outcome was read.
CREATE TABLE engine_heads (
  partition smallint PRIMARY KEY,
  command_sequence bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE assets (
  asset text PRIMARY KEY,
  definition text NOT NULL
);

-- Instruments whose SymbolListed is in the log. `halted`: by an operator, besides the definition's own status.
CREATE TABLE instruments (
  symbol text PRIMARY KEY,
  definition text NOT NULL,
  halted boolean NOT NULL DEFAULT false,
  listed_ms bigint NOT NULL
);

-- Accounts whose kill switch is set: no order of theirs is accepted (R14).
CREATE TABLE blocked_accounts (
  account_id text PRIMARY KEY,
  request_id text NOT NULL,
  since_ms bigint NOT NULL
);
