import assert from "node:assert/strict";
import { test } from "node:test";
import { type CopyField, copyRows } from "./copy-rows.ts";
import { sql } from "./sql.ts";
import { testDatabase } from "./testing.ts";

const COPY = "COPY copied (place, name, amount, flag, id) FROM STDIN";
const ID = "0123456789abcdef0123456789abcdef";

test("rows arrive as they were given, whatever their text holds", async (t) => {
  const { store } = await testDatabase(t);
  const names = [
    "plain",
    "",
    "\\N",
    "\\",
    "a\tb\nc\rd\\",
    '{"quoted","list"}',
    "NULL",
    "ü€😀",
    "\\.",
    "\b\f\v",
    null,
  ];
  const rows = names.map((name, place): readonly CopyField[] => [
    place,
    name,
    -(10n ** 30n),
    place % 2 === 0,
    ID,
  ]);
  await store.transaction("copy", async (tx) => {
    await tx.run([
      sql`CREATE TABLE copied (place int PRIMARY KEY, name text, amount numeric, flag bool, id uuid)`,
    ]);
    await tx.commit([copyRows(COPY, rows, (row) => row)]);
  });
  const read = await store.query(sql`SELECT place, name, amount, flag, id FROM copied ORDER BY place`);
  assert.deepEqual(
    read.map(({ place, name, amount, flag, id }) => [
      place,
      name,
      amount,
      flag,
      String(id).replaceAll("-", ""),
    ]),
    rows,
  );
  await store.transaction("copy nothing", (tx) => tx.commit([copyRows(COPY, [], () => [])]));
});

test("what text can't store is refused before anything is sent", () => {
  for (const name of ["a\0b", "half \ud83d"])
    assert.throws(() => copyRows(COPY, [name], () => [1, name, 1n, true, ID]), { code: "statement_failed" });
  assert.throws(() => copyRows(COPY, [0], () => [Number.NaN, "a", 1n, true, ID]), /finite/);
});
