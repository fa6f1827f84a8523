-- Requests that the log has although the database had forgotten them (R6): what is derived from the inputs again, such as
-- an account's block, is not sent to the engine a second time.
CREATE TABLE recovered_requests (
  request_id uuid PRIMARY KEY
);
