-- Limits as an operator has set them; '' is any account, any symbol. The definition is JSON: an absent field is
-- inherited, null is no limit.
CREATE TABLE limit_settings (
  account_id text NOT NULL,
  symbol text NOT NULL,
  definition text NOT NULL,
  actor text NOT NULL,
  updated_ms bigint NOT NULL,
  PRIMARY KEY (account_id, symbol)
);

-- Accounts that are stopped now.
CREATE TABLE kill_switches (
  account_id text PRIMARY KEY,
  request_id text NOT NULL,
  reason text NOT NULL,
  actor text NOT NULL,
  engaged_ms bigint NOT NULL
);

CREATE TABLE release_requests (
  id text PRIMARY KEY,
  account_id text NOT NULL,
  switch_request_id text NOT NULL,
  maker text NOT NULL,
  note text NOT NULL,
  status text NOT NULL CHECK (status IN ('PENDING', 'APPROVED')),
  checker text,
  created_ms bigint NOT NULL,
  decided_ms bigint,
  -- Two different people (R14), whatever the code above does.
  CONSTRAINT release_two_people CHECK ((status = 'APPROVED') = (checker IS NOT NULL) AND checker <> maker)
);
CREATE INDEX release_requests_by_time ON release_requests (created_ms, id);

-- Whether the last end was clean. No row: there was none.
CREATE TABLE last_end (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  clean boolean NOT NULL
);
