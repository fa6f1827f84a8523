-- Amendments of an order follow each other one by one, whichever instance takes them (R11): each has the next number, and
-- two that were measured against the same predecessor break this key. The tombstone of a raise has no number.
ALTER TABLE commands ADD COLUMN amend_number integer;
DROP INDEX commands_amends;
CREATE UNIQUE INDEX commands_amends ON commands (order_id, amend_number) WHERE kind = 'AMEND';
