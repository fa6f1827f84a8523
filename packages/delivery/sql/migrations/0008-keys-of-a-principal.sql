-- How many keys a principal has is kept beside the total and no longer counted: an operator with 10,000 of them paid for
-- reading 10,000 index entries with every command.

-- In slots, as the total is. Locked before it, by principal and slot (R13). A principal without keys has no rows.
CREATE TABLE idempotency_principals (
  principal text   NOT NULL,
  slot      int    NOT NULL,
  rows      bigint NOT NULL CHECK (rows >= 0),
  PRIMARY KEY (principal, slot)
) WITH (fillfactor = 50);
INSERT INTO idempotency_principals (principal, slot, rows)
  SELECT principal, hashtext(key) & 15, count(*) FROM idempotency GROUP BY 1, 2;

CREATE OR REPLACE FUNCTION idempotency_claim(
  principal_of text, scope_of text, key_of text, now_ms bigint, max_rows bigint, max_of_principal int
) RETURNS TABLE (outcome text, known_hash text, known_status int, known_headers text, known_body text, row_count bigint)
LANGUAGE plpgsql AS $$
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
    ELSIF (SELECT sum(p.rows) FROM idempotency_principals p WHERE p.principal = principal_of) >= max_of_principal THEN
      outcome := 'principal_full';
    ELSE
      outcome := 'new';
    END IF;
  END IF;
  RETURN NEXT;
END
$$;

CREATE OR REPLACE FUNCTION idempotency_keep(
  principal_of text, scope_of text, key_of text, hash_of text, status_of int, headers_of text, body_of text,
  now_ms bigint, expires_at bigint
) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  added   boolean;
  slot_of int := hashtext(key_of) & 15;
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
    INSERT INTO idempotency_principals AS counted (principal, slot, rows) VALUES (principal_of, slot_of, 1)
      ON CONFLICT (principal, slot) DO UPDATE SET rows = counted.rows + 1;
    UPDATE idempotency_counts SET rows = rows + 1 WHERE slot = slot_of;
  END IF;
END
$$;

CREATE OR REPLACE FUNCTION idempotency_clean(now_ms bigint, max_rows int) RETURNS TABLE (removed int, row_count bigint)
LANGUAGE plpgsql AS $$
DECLARE
  gone     record;
  of_slots int[] := array_fill(0, ARRAY[16]);
BEGIN
  removed := 0;
  FOR gone IN
    WITH expired AS (
      SELECT i.principal, i.scope, i.key FROM idempotency i WHERE i.expires_ms <= now_ms
      ORDER BY i.expires_ms, i.principal, i.scope, i.key LIMIT max_rows FOR UPDATE SKIP LOCKED
    ), deleted AS (
      DELETE FROM idempotency i USING expired e
      WHERE i.principal = e.principal AND i.scope = e.scope AND i.key = e.key RETURNING i.principal, i.key
    )
    SELECT d.principal, hashtext(d.key) & 15 AS slot, count(*)::int AS rows FROM deleted d GROUP BY 1, 2 ORDER BY 1, 2
  LOOP
    UPDATE idempotency_principals p SET rows = p.rows - gone.rows WHERE p.principal = gone.principal AND p.slot = gone.slot;
    DELETE FROM idempotency_principals p WHERE p.principal = gone.principal AND p.slot = gone.slot AND p.rows = 0;
    of_slots[gone.slot + 1] := of_slots[gone.slot + 1] + gone.rows;
    removed := removed + gone.rows;
  END LOOP;
  FOR nth IN 1 .. 16 LOOP
    CONTINUE WHEN of_slots[nth] = 0;
    UPDATE idempotency_counts c SET rows = c.rows - of_slots[nth] WHERE c.slot = nth - 1;
  END LOOP;
  SELECT sum(c.rows)::bigint INTO row_count FROM idempotency_counts c;
  RETURN NEXT;
END
$$;
