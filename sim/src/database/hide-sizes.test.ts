import assert from "node:assert/strict";
import { it } from "node:test";
import { sql } from "@bourse/store";
import { hideSizes } from "./hide-sizes.ts";
import { InProcessPostgres } from "./in-process-postgres.ts";

it("a table that many runs have written to and undone has the size of one that none has", async (t) => {
  const database = await InProcessPostgres.start();
  t.after(() => database.close());
  database.simple("CREATE SCHEMA s; CREATE TABLE s.written (n integer)");
  hideSizes(database, "s");
  database.simple("BEGIN; SAVEPOINT run; INSERT INTO s.written SELECT generate_series(1, 20000)");
  database.rollBackTo("run");
  const sizes = sql`SELECT pg_relation_size('written'::regclass)::text AS size,
    (pg_catalog.pg_relation_size('written'::regclass) > 0)::text AS is_kept`;
  assert.deepEqual(database.look("s", sizes), [{ size: "0", is_kept: "true" }]);
});
