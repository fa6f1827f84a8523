-- A record without a value (a tombstone) is parked as such, and not as one whose value is empty. Rows that are there keep
-- what they have; from now on a value has also the frame of its schema's id, where it came in one (R12).
ALTER TABLE parked ALTER COLUMN record_value DROP NOT NULL;
