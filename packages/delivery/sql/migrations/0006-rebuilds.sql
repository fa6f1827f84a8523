-- R5: a projection that is built anew under another subscription name, in tables of its own, while the old one serves.
-- The new tables lie in the schema <this>_rebuild; after the switch the old ones lie in <this>_retired.
CREATE TABLE rebuilds (
  subscription text   PRIMARY KEY,
  generation   int    NOT NULL CHECK (generation >= 2),
  state        text   NOT NULL CHECK (state IN ('BUILDING', 'SWITCHED', 'ENDED')),
  started_ms   bigint NOT NULL,
  switched_ms  bigint
);

-- First in every transaction of a building generation: after the switch, or once it is given up, nothing of it commits,
-- in whichever instance it runs. Raises BR001.
CREATE FUNCTION rebuild_guard(of_subscription text, of_generation int) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM rebuilds
    WHERE subscription = of_subscription AND generation = of_generation AND state = 'BUILDING' FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'generation % of % is not being built', of_generation, of_subscription USING ERRCODE = 'BR001';
  END IF;
END
$$;
