import assert from "node:assert/strict";
import { test } from "node:test";
import { int8Array } from "./binary-array.ts";
import type { Statement } from "./port.ts";
import { sql } from "./sql.ts";
import { testDatabase } from "./testing.ts";

const TABLE = sql`CREATE TABLE copied (id int8 PRIMARY KEY, name text NOT NULL)`;
const all = sql`SELECT id, name FROM copied ORDER BY id`;
const copy = (...rows: readonly (readonly [number, string])[]): Statement => ({
  text: "COPY copied (id, name) FROM STDIN",
  values: [],
  copy: rows.map((row) => Buffer.from(`${row.join("\t")}\n`)),
});

test("a COPY travels with the other statements and is one transaction with them", async (t) => {
  const { store } = await testDatabase(t);
  await store.transaction("make", (tx) => tx.commit([TABLE]));
  const insert = sql`INSERT INTO copied VALUES (${1n}, ${"first"})`;
  const results = await store.transaction("write", (tx) =>
    tx.commit([insert, copy([2, "second"], [3, "third"]), all, copy()]),
  );
  assert.deepEqual(
    results.map((rows) => rows.length),
    [0, 0, 3, 0],
  );
  await assert.rejects(
    store.transaction("twice", (tx) =>
      tx.commit([sql`INSERT INTO copied VALUES (${9n}, ${"x"})`, copy([2, "again"])]),
    ),
    { code: "constraint_violated", constraint: "copied_pkey" },
  );
  await assert.rejects(
    store.transaction("before", (tx) => tx.commit([insert, copy([4, "fourth"])])),
    { code: "constraint_violated" },
  );
  assert.deepEqual(await store.query(all), [
    { id: 1n, name: "first" },
    { id: 2n, name: "second" },
    { id: 3n, name: "third" },
  ]);
  await store.transaction("after", (tx) => tx.commit([copy([4, "fourth"])]));
  assert.equal((await store.query(all)).length, 4);
});

test("a COPY without data is refused, and the connection goes on", async (t) => {
  const { store } = await testDatabase(t);
  await store.transaction("make", (tx) => tx.commit([TABLE]));
  const bare = { text: "COPY copied (id, name) FROM STDIN", values: [] };
  await assert.rejects(
    store.transaction("bare", (tx) => tx.commit([bare])),
    /came without its data/,
  );
  assert.deepEqual(await store.query(all), []);
});

test("numbers travel in binary as they are", async (t) => {
  const { store } = await testDatabase(t);
  const numbers = [
    0,
    1,
    -1,
    2 ** 31,
    -(2 ** 31),
    2 ** 32,
    -(2 ** 32),
    -(2 ** 40) - 7,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
  ];
  const read = async (values: readonly number[]): Promise<readonly number[]> => {
    const text = "SELECT u.value FROM unnest($1::int8[]) WITH ORDINALITY AS u(value, nth) ORDER BY nth";
    return (await store.query({ text, values: [int8Array(values)] })).map((row) => Number(row.value));
  };
  assert.deepEqual(await read(numbers), numbers);
  assert.deepEqual(await read([]), []);
});
