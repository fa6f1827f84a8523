-- A redrive that has applied the front of a key's queue finds the rest of it again, also where it goes on later (R12).
CREATE INDEX parked_applied ON parked (subscription, topic, partition, queue_key, place)
  WHERE status = 'APPLIED' AND queue_key IS NOT NULL;

-- Whether a run has tried a record's queue in vain is asked of each record that is parked.
DROP INDEX parked_tried;
CREATE INDEX parked_tried ON parked (last_run, subscription, topic, partition, queue_key)
  WHERE status = 'PARKED' AND last_run IS NOT NULL;
