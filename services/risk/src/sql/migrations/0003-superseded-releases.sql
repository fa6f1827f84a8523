-- A release that another request about the same stop came before: nobody approved it, and nobody has to.
ALTER TABLE release_requests DROP CONSTRAINT release_requests_status_check;
ALTER TABLE release_requests ADD CONSTRAINT release_requests_status_check
  CHECK (status IN ('PENDING', 'APPROVED', 'SUPERSEDED'));

UPDATE release_requests r SET status = 'SUPERSEDED', decided_ms = coalesce(
    (SELECT min(decided_ms) FROM release_requests
      WHERE switch_request_id = r.switch_request_id AND status = 'APPROVED'),
    created_ms)
  WHERE status = 'PENDING'
    AND NOT EXISTS (SELECT 1 FROM kill_switches WHERE request_id = r.switch_request_id);
