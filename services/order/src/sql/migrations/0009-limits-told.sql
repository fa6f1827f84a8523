-- Whether the engine has been told of the limits that an instrument has now. Of those from before it could be told, the next
-- start finds out.
ALTER TABLE instruments ADD COLUMN limits_told boolean NOT NULL DEFAULT false;
ALTER TABLE instruments ALTER COLUMN limits_told SET DEFAULT true;
