import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { migrate } from "./migrations.ts";
import { sql } from "./sql.ts";
import { testDatabase } from "./testing.ts";

const files = {
  "0001-accounts.sql": "CREATE TABLE accounts (id int8 PRIMARY KEY);\nCREATE INDEX ON accounts (id DESC);\n",
  "0002-held.sql": "ALTER TABLE accounts ADD COLUMN held numeric(38,0);\n",
};

async function folderOf(t: TestContext, contents: Readonly<Record<string, string>>): Promise<URL> {
  const folder = await mkdtemp(join(tmpdir(), "store-migrations-"));
  t.after(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(contents)) await writeFile(join(folder, name), text);
  return pathToFileURL(folder);
}

test("files are applied once, by number, folder by folder", async (t) => {
  const { url, schema, store } = await testDatabase(t);
  const own = { prefix: "wallet", folder: await folderOf(t, files) };
  const shared = {
    prefix: "delivery",
    folder: await folderOf(t, { "0001-outbox.sql": "CREATE TABLE outbox (a int);" }),
  };
  const both = { schema, folders: [shared, own] };
  const first = await migrate(url, both);
  assert.deepEqual(first.applied, ["delivery/0001-outbox", "wallet/0001-accounts", "wallet/0002-held"]);
  assert.deepEqual((await migrate(url, both)).applied, []);
  const tables = await store.query(
    sql`SELECT tablename FROM pg_tables WHERE schemaname = ${schema} ORDER BY tablename`,
  );
  assert.deepEqual(
    tables.map((row) => row.tablename),
    ["accounts", "migrations", "outbox"],
  );
});

test("two instances that start at once apply each file once", async (t) => {
  const { url, schema } = await testDatabase(t);
  const folders = [{ prefix: "wallet", folder: await folderOf(t, files) }];
  const results = await Promise.all([1, 2, 3].map(() => migrate(url, { schema, folders })));
  assert.deepEqual(results.map((result) => result.applied.length).sort(), [0, 0, 2]);
});

test("a changed file and a later version of the data are refused, and nothing is changed", async (t) => {
  const { url, schema, store } = await testDatabase(t);
  const apply = async (contents: Readonly<Record<string, string>>, prefix = "wallet") =>
    migrate(url, { schema, folders: [{ prefix, folder: await folderOf(t, contents) }] });
  await apply(files);
  const mismatch = (message: RegExp) => ({ code: "schema_mismatch", retryable: false, message });
  const changed = {
    ...files,
    "0001-accounts.sql": "CREATE TABLE accounts (id text);",
    "0003-more.sql": "CREATE TABLE more ();",
  };
  await assert.rejects(apply(changed), mismatch(/another version.*wallet\/0001-accounts/));
  const { "0002-held.sql": _later, ...earlier } = files;
  await assert.rejects(apply(earlier), mismatch(/another version.*wallet\/0002-held/));
  await assert.rejects(apply({}, "order"), mismatch(/another version/));
  assert.deepEqual(await store.query(sql`SELECT to_regclass('more') IS NULL AS absent`), [{ absent: true }]);
  const withCrlf = Object.fromEntries(
    Object.entries(files).map(([name, text]) => [name, text.replaceAll("\n", "\r\n")]),
  );
  assert.deepEqual((await apply(withCrlf)).applied, []);
});

test("a file that fails leaves nothing behind and is named; numbers have no gaps", async (t) => {
  const { url, schema, store } = await testDatabase(t);
  const apply = async (contents: Readonly<Record<string, string>>) =>
    migrate(url, { schema, folders: [{ prefix: "wallet", folder: await folderOf(t, contents) }] });
  const broken = { ...files, "0003-broken.sql": "CREATE TABLE half (a int); SELECT 1 / 0;" };
  await assert.rejects(apply(broken), {
    code: "statement_failed",
    sqlState: "22012",
    message: /wallet\/0003-broken/,
  });
  assert.deepEqual(await store.query(sql`SELECT to_regclass('half') IS NULL AS absent`), [{ absent: true }]);
  const endsItself = { ...files, "0003-commit.sql": "CREATE TABLE half (a int); COMMIT;" };
  await assert.rejects(apply(endsItself), { code: "schema_mismatch", message: /ends its own transaction/ });
  await assert.rejects(apply({ ...files, "0004-gap.sql": "SELECT 1" }), {
    code: "schema_mismatch",
    message: /0004-gap.sql should be numbered 0003/,
  });
});
