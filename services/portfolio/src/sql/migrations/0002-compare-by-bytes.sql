-- Keys are compared as bytes: whatever the database's language, which is what most of looking a position up was spent on.
ALTER TABLE positions
  ALTER COLUMN account_id TYPE text COLLATE "C",
  ALTER COLUMN symbol TYPE text COLLATE "C";
