import assert from "node:assert/strict";
import { test } from "node:test";
import { InProcessPostgres } from "./in-process-postgres.ts";

const READ = { text: "SELECT n FROM given ORDER BY n", values: [] };
const WRITE = { text: "INSERT INTO given (n) VALUES ($1)", values: [2] };

test("what is looked at twice is what is stored then, whoever wrote or undid it between", async (t) => {
  const database = await InProcessPostgres.start();
  t.after(() => database.close());
  const look = (): unknown[] => database.look("public", READ).map(({ n }) => n);
  database.simple("BEGIN; CREATE TABLE given (n integer); INSERT INTO given VALUES (1)");
  assert.deepEqual([look(), look()], [[1], [1]]);
  database.simple("SAVEPOINT work");
  database.pipeline("public", [WRITE]);
  assert.deepEqual(
    [look(), look()],
    [
      [1, 2],
      [1, 2],
    ],
  );
  database.rollBackTo("work");
  assert.deepEqual([look(), look()], [[1], [1]]);
  const [row] = database.look("public", READ);
  Object.assign(row ?? {}, { n: 7 });
  assert.deepEqual(look(), [1], "rows are the reader's own");
  assert.throws(() => database.look("public", WRITE), /read-only/);
});
