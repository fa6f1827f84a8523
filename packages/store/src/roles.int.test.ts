import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { schemaOfService } from "./identifier.ts";
import { postgresStore } from "./postgres-store.ts";
import { checkPoolSizes, ensureServiceSchema } from "./roles.ts";
import { sql } from "./sql.ts";
import { testDatabase } from "./testing.ts";

/** Two services in one database, each with its store. */
async function twoServices(t: TestContext) {
  const { adminUrl, store: other, database } = await testDatabase(t);
  const role = `${database}_owner`;
  const owner = { service: "market-data", password: "it's %2F \\secret", role };
  const url = await ensureServiceSchema(adminUrl, owner);
  const store = postgresStore({
    url,
    schema: schemaOfService(owner.service),
    applicationName: "owner",
    maxConnections: 1,
  });
  const admin = postgresStore({
    url: adminUrl,
    schema: "public",
    applicationName: "admin",
    maxConnections: 1,
  });
  t.after(async () => {
    await store.close();
    await admin.close();
  });
  return { adminUrl, owner, url, store, other, admin, role };
}

test("a role owns its schema and reaches no other (R13)", async (t) => {
  const { store, other } = await twoServices(t);
  await store.transaction("table", (tx) => tx.commit([sql`CREATE TABLE prices (a int)`]));
  const denied = { code: "statement_failed", sqlState: "42501" };
  await assert.rejects(other.query(sql`SELECT a FROM market_data.prices`), denied);
  const trespass = (text: string) => other.transaction("trespass", (tx) => tx.commit([{ text, values: [] }]));
  await assert.rejects(trespass("INSERT INTO market_data.prices VALUES (1)"), denied);
  await assert.rejects(trespass("CREATE TABLE market_data.mine (a int)"), denied);
  await assert.rejects(trespass("CREATE TABLE public.mine (a int)"), denied);
  await assert.rejects(trespass("CREATE SCHEMA mine"), denied);
  await assert.rejects(trespass("CREATE ROLE mine"), denied);
});

test("ensuring again changes nothing but the password, also from several instances at once", async (t) => {
  const { adminUrl, owner, store, url } = await twoServices(t);
  await store.transaction("table", (tx) => tx.commit([sql`CREATE TABLE prices (a int)`]));
  const urls = await Promise.all([1, 2, 3].map(() => ensureServiceSchema(adminUrl, owner)));
  assert.deepEqual(urls, [url, url, url]);
  assert.deepEqual(await store.query(sql`SELECT a FROM prices`), []);
});

test("another password is taken only while nobody is connected by the one that there is", async (t) => {
  const { adminUrl, owner, store, url } = await twoServices(t);
  await store.ping();
  const foreign = { ...owner, password: "another installation's" };
  await assert.rejects(ensureServiceSchema(adminUrl, foreign), {
    code: "server_misconfigured",
    message: /role \S+_owner has another password, and others are connected as it \(1\): .* data\.json/,
  });
  assert.equal(await ensureServiceSchema(adminUrl, owner), url);
  await store.ping();
  await store.close();
  const theirs = await ensureServiceSchema(adminUrl, foreign);
  assert.notEqual(theirs, url);
});

test("a role with more powers, and a name that is none, are refused", async (t) => {
  const { adminUrl, owner, admin, role } = await twoServices(t);
  await admin.transaction("powers", (tx) => tx.commit([{ text: `ALTER ROLE ${role} CREATEDB`, values: [] }]));
  await assert.rejects(ensureServiceSchema(adminUrl, owner), {
    code: "server_misconfigured",
    message: new RegExp(role),
  });
  await assert.rejects(ensureServiceSchema(adminUrl, { service: 'x"; DROP', password: "p" }), {
    name: "InvariantError",
  });
});

test("pools that do not fit the server are refused, naming them", async (t) => {
  const { adminUrl } = await testDatabase(t);
  await checkPoolSizes(adminUrl, { order: 10, wallet: 10 });
  await assert.rejects(checkPoolSizes(adminUrl, { order: 90, wallet: 10 }), {
    code: "server_misconfigured",
    message: /want 100 connections \(order 90, wallet 10\)/,
  });
});
