-- Answers by the key of the request that asked for them (R10): for commands that have no number of their own.

-- A row is written in the transaction of the effects it answers for, so that one is never there without the other.
-- A request in progress is an uncommitted transaction that holds the key's advisory lock: nothing of it outlives a crash.
CREATE TABLE idempotency (
  principal  text   NOT NULL,
  scope      text   NOT NULL,
  key        text   NOT NULL,
  body_hash  text   NOT NULL,
  status     int    NOT NULL,
  -- JSON texts, as they were answered.
  headers    text   NOT NULL,
  body       text   NOT NULL,
  expires_ms bigint NOT NULL,
  PRIMARY KEY (principal, scope, key)
);
CREATE INDEX idempotency_expiry ON idempotency (expires_ms);

-- How many rows there are, in slots, so that two requests seldom wait for one counter. Locked after the effects and
-- before the outbox heads (R13), one slot a request.
CREATE TABLE idempotency_counts (
  slot int    PRIMARY KEY,
  rows bigint NOT NULL CHECK (rows >= 0)
) WITH (fillfactor = 20);
INSERT INTO idempotency_counts (slot, rows) SELECT slot, 0 FROM generate_series(0, 15) AS slot;

-- Takes the key for this transaction and says what is known of it: 'known' with the answer, 'in_progress' elsewhere,
-- 'table_full', 'principal_full', or 'new'. Never waits, so that requests of one key do not use up the connections.
-- What has expired counts as not there.
CREATE FUNCTION idempotency_claim(
  principal_of text, scope_of text, key_of text, now_ms bigint, max_rows bigint, max_of_principal int
) RETURNS TABLE (outcome text, known_hash text, known_status int, known_headers text, known_body text, row_count bigint)
LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
  SELECT sum(c.rows)::bigint INTO row_count FROM idempotency_counts c;
  IF NOT pg_try_advisory_xact_lock(
    hashtextextended(concat_ws(E'\x1e', current_schema(), principal_of, scope_of, key_of), 0)) THEN
    outcome := 'in_progress';
    RETURN NEXT;
    RETURN;
  END IF;
  SELECT 'known', i.body_hash, i.status, i.headers, i.body
    INTO outcome, known_hash, known_status, known_headers, known_body
    FROM idempotency i
    WHERE i.principal = principal_of AND i.scope = scope_of AND i.key = key_of AND i.expires_ms > now_ms;
  IF NOT FOUND THEN
    IF row_count >= max_rows THEN
      outcome := 'table_full';
    ELSIF (SELECT count(*) FROM (SELECT FROM idempotency i WHERE i.principal = principal_of LIMIT max_of_principal) AS own)
      >= max_of_principal THEN
      outcome := 'principal_full';
    ELSE
      outcome := 'new';
    END IF;
  END IF;
  RETURN NEXT;
END
$$;

-- Keeps the answer of a key that this transaction has claimed, in place of one that has expired.
CREATE FUNCTION idempotency_keep(
  principal_of text, scope_of text, key_of text, hash_of text, status_of int, headers_of text, body_of text,
  now_ms bigint, expires_at bigint
) RETURNS void
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  added boolean;
BEGIN
  INSERT INTO idempotency AS kept (principal, scope, key, body_hash, status, headers, body, expires_ms)
    VALUES (principal_of, scope_of, key_of, hash_of, status_of, headers_of, body_of, expires_at)
    ON CONFLICT (principal, scope, key) DO UPDATE
      SET body_hash = excluded.body_hash, status = excluded.status, headers = excluded.headers, body = excluded.body,
        expires_ms = excluded.expires_ms
      WHERE kept.expires_ms <= now_ms
    RETURNING kept.xmax::text = '0' INTO added;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the key % of % % has an answer already', key_of, principal_of, scope_of USING ERRCODE = 'BI001';
  END IF;
  IF added THEN
    UPDATE idempotency_counts SET rows = rows + 1 WHERE slot = hashtext(key_of) & 15;
  END IF;
END
$$;

-- Removes at most max_rows of what has expired, the oldest first, and says how many rows are left. Two may run at once.
CREATE FUNCTION idempotency_clean(now_ms bigint, max_rows int) RETURNS TABLE (removed int, row_count bigint)
LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
  gone record;
BEGIN
  removed := 0;
  FOR gone IN
    WITH expired AS (
      SELECT i.principal, i.scope, i.key FROM idempotency i WHERE i.expires_ms <= now_ms
      ORDER BY i.expires_ms, i.principal, i.scope, i.key LIMIT max_rows FOR UPDATE SKIP LOCKED
    ), deleted AS (
      DELETE FROM idempotency i USING expired e
      WHERE i.principal = e.principal AND i.scope = e.scope AND i.key = e.key RETURNING i.key
    )
    SELECT hashtext(d.key) & 15 AS slot, count(*)::int AS rows FROM deleted d GROUP BY 1 ORDER BY 1
  LOOP
    UPDATE idempotency_counts c SET rows = c.rows - gone.rows WHERE c.slot = gone.slot;
    removed := removed + gone.rows;
  END LOOP;
  SELECT sum(c.rows)::bigint INTO row_count FROM idempotency_counts c;
  RETURN NEXT;
END
$$;
