-- Machine keys. Only a hash is kept: a key has 160 random bits, so a fast hash is enough.
CREATE TABLE keys (
  key_id text PRIMARY KEY,
  key_hash bytea NOT NULL UNIQUE,
  role text NOT NULL CHECK (role IN ('operator', 'account')),
  account_id text CHECK ((role = 'account') = (account_id IS NOT NULL)),
  name text NOT NULL,
  created_by text NOT NULL,
  created_ms bigint NOT NULL,
  revoked_ms bigint
);
CREATE INDEX keys_account ON keys (account_id) WHERE account_id IS NOT NULL;
