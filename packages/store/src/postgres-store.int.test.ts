import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Statement, Store, Transaction } from "./port.ts";
import { postgresStore } from "./postgres-store.ts";
import { sql } from "./sql.ts";
import { sqlArray } from "./sql-array.ts";
import { type TestDatabase, testDatabase, UNHURRIED, wireProxy } from "./testing.ts";

const TABLE = sql`CREATE TABLE accounts (
  id int8 PRIMARY KEY,
  held numeric(38,0) NOT NULL CONSTRAINT held_is_covered CHECK (held >= 0 AND held <> 'NaN')
)`;
const insert = (id: bigint, held: bigint) => sql`INSERT INTO accounts VALUES (${id}, ${held})`;
const all = sql`SELECT id, held FROM accounts ORDER BY id`;

const write = (store: Store, ...statements: readonly Statement[]) =>
  store.transaction("write", (tx) => tx.commit(statements));

test("a transaction whose only call is commit is one round trip; run and commit are two", async (t) => {
  const { store, url, schema } = await testDatabase(t);
  await write(store, TABLE);
  const proxy = await wireProxy(url);
  const led = postgresStore({ url: proxy.url, schema, applicationName: "led", maxConnections: 1 });
  t.after(async () => {
    await led.close();
    await proxy.close();
  });
  const tripsOf = async (work: () => Promise<unknown>) => {
    const before = proxy.trips;
    await work();
    return proxy.trips - before;
  };
  await led.ping();
  assert.equal(await tripsOf(() => write(led, insert(1n, 1n), insert(2n, 2n), insert(3n, 3n))), 1);
  assert.equal(await tripsOf(() => write(led, insert(4n, 1n), insert(5n, 2n), insert(6n, 3n))), 1);
  const readAndWrite = () =>
    led.transaction("read and write", async (tx) => {
      const [rows] = await tx.run([all, sql`SELECT 1`]);
      assert.equal(rows?.length, 6);
      return await tx.commit([sql`UPDATE accounts SET held = held + 1`]);
    });
  assert.equal(await tripsOf(readAndWrite), 2);
  assert.equal(await tripsOf(() => led.transaction("nothing", async () => 1)), 0);
  assert.equal(await tripsOf(() => led.transaction("runs only", (tx) => tx.run([all]))), 2);
  assert.equal(await tripsOf(() => led.query(all)), 1);
});

test("an error in the middle of a pipeline undoes all of it and leaves the connection whole", async (t) => {
  const { store } = await testDatabase(t, { maxConnections: 1 });
  await write(store, TABLE, insert(1n, 1n));
  const fails = (...statements: readonly Statement[]) =>
    assert.rejects(write(store, ...statements), { code: "statement_failed" });
  await fails(insert(2n, 1n), sql`SELECT 1 / 0`, insert(3n, 1n));
  await fails(insert(2n, 1n), sql`SELECT nonsense`, insert(3n, 1n));
  await fails(insert(2n, 1n), sql`SELECT ${"x"}::int4`, insert(3n, 1n));
  assert.deepEqual(await store.query(all), [{ id: 1n, held: 1n }]);
  // Each of these texts was prepared by a pipeline that failed before, at or after it.
  await write(store, insert(2n, 1n), sql`SELECT 7 / ${7}::int4`, insert(3n, 1n));
  assert.equal((await store.query(all)).length, 3);
});

test("an error rolls back what an earlier run wrote; one that is swallowed is thrown all the same", async (t) => {
  const { store } = await testDatabase(t, { maxConnections: 1 });
  await write(store, TABLE);
  const failing = async (tx: Transaction, finish: () => Promise<unknown>) => {
    await tx.run([insert(1n, 1n)]);
    return await finish();
  };
  await assert.rejects(
    store.transaction("own error", (tx) => failing(tx, () => Promise.reject(new Error("mine")))),
    /mine/,
  );
  await assert.rejects(
    store.transaction("in commit", (tx) => failing(tx, () => tx.commit([insert(2n, 1n), insert(1n, 2n)]))),
    { code: "constraint_violated", constraint: "accounts_pkey", sqlState: "23505", retryable: false },
  );
  await assert.rejects(
    store.transaction("swallowed", (tx) => failing(tx, () => tx.run([insert(1n, 1n)]).catch(() => "fine"))),
    { code: "constraint_violated" },
  );
  assert.deepEqual(await store.query(all), []);
});

test("constraints are named, deferred ones too", async (t) => {
  const { store } = await testDatabase(t);
  await write(
    store,
    TABLE,
    sql`ALTER TABLE accounts ADD CONSTRAINT one_held UNIQUE (held) DEFERRABLE INITIALLY DEFERRED`,
  );
  const violates = (constraint: string, ...statements: readonly Statement[]) =>
    assert.rejects(write(store, ...statements), { code: "constraint_violated", constraint });
  await violates("held_is_covered", insert(1n, -1n));
  await violates("held_is_covered", sql`INSERT INTO accounts VALUES (1, 'NaN')`);
  await violates("one_held", insert(1n, 5n), insert(2n, 5n));
  assert.deepEqual(await store.query(all), []);
});

test("nothing follows a commit, and nothing runs beside a run", async (t) => {
  const { store } = await testDatabase(t);
  const late = store.transaction("late", async (tx) => {
    await tx.commit([sql`SELECT 1`]);
    await tx.run([sql`SELECT 1`]);
  });
  await assert.rejects(late, /nothing follows the commit/);
  const twice = store.transaction("twice", async (tx) => {
    await Promise.all([tx.run([sql`SELECT 1`]), tx.run([sql`SELECT 2`])]);
  });
  await assert.rejects(twice, /one thing at a time/);
  const unawaited = store.transaction("unawaited", async (tx) => {
    tx.run([sql`SELECT 1`]).catch(() => {});
  });
  await assert.rejects(unawaited, /awaits all it runs/);
  await store.ping();
});

test("two transactions in a real deadlock both commit, one after a rerun", async (t) => {
  const { url, store: setUp, schema } = await testDatabase(t);
  const reruns: string[] = [];
  const store = postgresStore({
    url,
    schema,
    applicationName: "deadlock",
    maxConnections: 2,
    onRerun: (name, sqlState) => reruns.push(`${name} ${sqlState}`),
  });
  t.after(() => store.close());
  await write(setUp, TABLE, insert(1n, 0n), insert(2n, 0n));
  const add = (id: bigint) => sql`UPDATE accounts SET held = held + 1 WHERE id = ${id}`;
  const firstTries = Promise.withResolvers<void>();
  let holding = 0;
  const cross = (name: string, first: bigint, second: bigint) =>
    store.transaction(name, async (tx) => {
      await tx.run([UNHURRIED, add(first)]);
      if (++holding === 2) firstTries.resolve();
      await firstTries.promise;
      await tx.commit([add(second)]);
    });
  await Promise.all([cross("one", 1n, 2n), cross("other", 2n, 1n)]);
  assert.deepEqual(await setUp.query(all), [
    { id: 1n, held: 2n },
    { id: 2n, held: 2n },
  ]);
  assert.equal(reruns.length, 1);
  assert.match(reruns[0] ?? "", / 40P01$/);
});

test("who has closed its store is not connected any more", async (t) => {
  const { url, adminUrl, schema } = await testDatabase(t);
  const admin = postgresStore({ url: adminUrl, schema, applicationName: "admin", maxConnections: 1 });
  t.after(() => admin.close());
  for (let nth = 0; nth < 20; nth++) {
    const store = postgresStore({ url, schema, applicationName: "closed", maxConnections: 2 });
    await Promise.all([store.ping(), store.ping()]);
    await store.close();
    const sessions = sql`SELECT pid FROM pg_stat_activity WHERE application_name = 'closed' ORDER BY pid`;
    assert.deepEqual(await admin.query(sessions), []);
  }
});

test("a plan whose columns a migration changed is made anew", async (t) => {
  const { store } = await testDatabase(t, { maxConnections: 1 });
  await write(store, TABLE, insert(1n, 1n));
  const star = { text: "SELECT * FROM accounts", values: [] };
  assert.deepEqual(await store.query(star), [{ id: 1n, held: 1n }]);
  await write(store, sql`ALTER TABLE accounts ADD COLUMN state text DEFAULT 'OPEN'`);
  assert.deepEqual(await store.query(star), [{ id: 1n, held: 1n, state: "OPEN" }]);
});

test("more texts than a connection keeps prepared", async (t) => {
  const { store } = await testDatabase(t, { maxConnections: 1 });
  const texts = Array.from({ length: 600 }, (_, index) => ({ text: `SELECT ${index} AS n`, values: [] }));
  for (let round = 0; round < 2; round++) {
    const results = await store.transaction("many texts", (tx) => tx.commit(texts));
    assert.deepEqual(
      results,
      texts.map((_, index) => [{ n: index }]),
    );
  }
  const [kept] = await store.query(sql`SELECT count(*) AS n FROM pg_prepared_statements`);
  assert.ok(Number(kept?.n) <= 256, `${kept?.n} statements are kept`);
});

test("a query reads only, and its session is set up as R5 asks", async (t) => {
  const { store, schema } = await testDatabase(t);
  await write(store, TABLE);
  await assert.rejects(store.query(insert(1n, 1n)), {
    code: "statement_failed",
    sqlState: "25006",
    retryable: false,
  });
  const names = [
    "statement_timeout",
    "lock_timeout",
    "idle_in_transaction_session_timeout",
    "TimeZone",
    "search_path",
  ];
  const rows = await store.query(
    sql`SELECT current_setting(name) AS value FROM unnest(${sqlArray(names)}::text[]) WITH ORDINALITY AS n(name, place) ORDER BY place`,
  );
  assert.deepEqual(
    rows.map((row) => row.value),
    ["10s", "3s", "2s", "UTC", schema],
  );
});

test("a scan reads only, has ten minutes and memory for its sums, and leaves nothing of it to its connection", async (t) => {
  const { store } = await testDatabase(t, { maxConnections: 1 });
  await write(store, TABLE);
  await assert.rejects(store.scan(insert(1n, 1n)), { code: "statement_failed", sqlState: "25006" });
  const settings = sql`SELECT current_setting('statement_timeout') AS timeout, current_setting('work_mem') AS memory,
    current_setting('enable_seqscan') AS whole`;
  const [before] = await store.query(settings);
  assert.deepEqual(await store.scan(settings), [{ timeout: "10min", memory: "64MB", whole: "on" }]);
  assert.deepEqual(await store.query(settings), [before]);
  assert.equal(before?.timeout, "10s");
});

test("arrays of any text arrive as they were", async (t) => {
  const { store } = await testDatabase(t);
  const text = fc.string({ unit: "binary" }).filter((value) => !value.includes("\0"));
  const element = fc.oneof(
    text,
    fc.constantFrom("NULL", "null", "", " ", '"', "\\", "{", "}", ",", '\\"', "\n"),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(element)), async (values) => {
      const [row] = await store.query(sql`SELECT to_json(${sqlArray(values)}::text[]) AS back`);
      assert.deepEqual(row?.back, values);
    }),
    { numRuns: 200 },
  );
});

test("values of every kind come back", async (t) => {
  const { store }: TestDatabase = await testDatabase(t);
  const [row] = await store.query(
    sql`SELECT ${2n ** 62n}::int8 AS long, ${7}::int4 AS short, ${-(10n ** 38n) + 1n}::numeric(38,0) AS amount,
      ${true}::bool AS flag, ${"é\u{1f600}"}::text AS text, ${new Uint8Array([0, 1, 255])}::bytea AS bytes,
      ${'{"a":[1]}'}::jsonb AS json, ${null}::text AS nothing, ${1.5}::float8 AS real, '1.50'::numeric AS decimal`,
  );
  assert.deepEqual(row, {
    long: 2n ** 62n,
    short: 7,
    amount: -(10n ** 38n) + 1n,
    flag: true,
    text: "é\u{1f600}",
    bytes: Buffer.from([0, 1, 255]),
    json: { a: [1] },
    nothing: null,
    real: 1.5,
    decimal: "1.50",
  });
});
