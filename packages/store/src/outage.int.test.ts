import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Store } from "./port.ts";
import { postgresStore } from "./postgres-store.ts";
import { sql } from "./sql.ts";
import { testDatabase, UNHURRIED, wireProxy } from "./testing.ts";

const TABLE = sql`CREATE TABLE facts (id int4 PRIMARY KEY)`;
const insert = (id: number) => sql`INSERT INTO facts VALUES (${id})`;
const all = sql`SELECT id FROM facts ORDER BY id`;
const write = (store: Store, id: number) => store.transaction("write", (tx) => tx.commit([insert(id)]));

/** A store whose wire can be cut, beside one that sees what was applied. */
async function cuttable(t: TestContext) {
  const { store: witness, url, adminUrl, schema } = await testDatabase(t);
  await witness.transaction("table", (tx) => tx.commit([TABLE]));
  const proxy = await wireProxy(url);
  const store = postgresStore({ url: proxy.url, schema, applicationName: "cuttable", maxConnections: 1 });
  const admin = postgresStore({ url: adminUrl, schema, applicationName: "admin", maxConnections: 1 });
  t.after(async () => {
    await store.close();
    await admin.close();
    await proxy.close();
  });
  await store.ping();
  return { store, witness, proxy, admin };
}

test("the wire is cut after COMMIT was sent: commit_unknown, whether it was applied or not", async (t) => {
  const { store, witness, proxy } = await cuttable(t);
  proxy.atNextTrip("after");
  await assert.rejects(write(store, 1), { code: "commit_unknown", retryable: false });
  proxy.atNextTrip("before");
  await store.ping().catch(() => {});
  await store.ping();
  proxy.atNextTrip("before");
  await assert.rejects(write(store, 2), { code: "commit_unknown" });
  assert.deepEqual(await witness.query(all), [{ id: 1 }]);
  await write(store, 3);
  assert.deepEqual(await witness.query(all), [{ id: 1 }, { id: 3 }]);
});

test("the same for a transaction that ran before, swallowed or not", async (t) => {
  const { store, witness, proxy } = await cuttable(t);
  const cutAtCommit = (finish: (commit: Promise<unknown>) => Promise<unknown>) =>
    store.transaction("ran before", async (tx) => {
      await tx.run([insert(1)]);
      proxy.atNextTrip("before");
      return await finish(tx.commit([insert(2)]));
    });
  await assert.rejects(
    cutAtCommit((commit) => commit),
    { code: "commit_unknown" },
  );
  await assert.rejects(
    cutAtCommit((commit) => commit.catch(() => "fine")),
    { code: "commit_unknown" },
  );
  assert.deepEqual(await witness.query(all), []);
});

test("the wire is cut before COMMIT was sent: store_unavailable, nothing applied, the next call connects anew", async (t) => {
  const { store, witness, proxy, admin } = await cuttable(t);
  const cutInRun = store.transaction("cut in run", async (tx) => {
    proxy.atNextTrip("after");
    await tx.run([insert(1)]);
    await tx.commit();
  });
  await assert.rejects(cutInRun, { code: "store_unavailable", retryable: true });
  const killed = store.transaction("killed between", async (tx) => {
    const [own] = await tx.run([sql`SELECT pg_backend_pid() AS pid`, insert(1)]);
    await endBackend(admin, Number(own?.[0]?.pid));
    await tx.commit([insert(2)]);
  });
  await assert.rejects(killed, (error: { code: string }) => {
    // The session's end may be seen before the COMMIT is written, or only after.
    assert.ok(["store_unavailable", "commit_unknown"].includes(error.code), error.code);
    return true;
  });
  assert.deepEqual(await witness.query(all), []);
  await write(store, 5);
  assert.deepEqual(await witness.query(all), [{ id: 5 }]);
});

test("a session that is idle in its transaction loses it and its locks (R5)", async (t) => {
  const { store, witness, admin } = await cuttable(t);
  const zombie = store.transaction("zombie", async (tx) => {
    const [own] = await tx.run([
      sql`SELECT pg_backend_pid() AS pid`,
      sql`SELECT set_config('idle_in_transaction_session_timeout', '20', true)`,
      insert(1),
    ]);
    await gone(admin, Number(own?.[0]?.pid));
    await tx.run([insert(2)]);
  });
  await assert.rejects(zombie, { code: "store_unavailable", retryable: true });
  await write(witness, 1);
});

test("waiting for a lock ends with store_unavailable", async (t) => {
  const { store, witness } = await cuttable(t);
  await write(witness, 1);
  await witness.transaction("holder", async (tx) => {
    await tx.run([UNHURRIED, sql`SELECT id FROM facts FOR UPDATE`]);
    const waits = store.transaction("waiter", async (other) => {
      await other.run([sql`SELECT set_config('lock_timeout', '20', true)`]);
      await other.run([sql`SELECT id FROM facts FOR UPDATE`]);
    });
    await assert.rejects(waits, { code: "store_unavailable", sqlState: "55P03", retryable: true });
  });
  const slow = store.transaction("slow", async (tx) => {
    await tx.run([sql`SELECT set_config('statement_timeout', '20', true)`]);
    await tx.run([sql`SELECT pg_sleep(60)`]);
  });
  await assert.rejects(slow, { code: "store_unavailable", sqlState: "57014" });
  await store.ping();
});

test("a server that takes the COMMIT and says nothing is taken for lost", async (t) => {
  const { store, witness, proxy } = await cuttable(t);
  t.mock.timers.enable({ apis: ["setTimeout"] });
  proxy.atNextTrip("mute");
  const trips = proxy.trips;
  const silent = assert.rejects(write(store, 1), { code: "commit_unknown" });
  while (proxy.trips === trips) await new Promise((resolve) => setImmediate(resolve));
  t.mock.timers.tick(60_000);
  await silent;
  t.mock.timers.reset();
  await store.ping();
  assert.ok((await witness.query(all)).length <= 1);
});

test("no server at all, and a store that is closed", async (t) => {
  const { url, schema } = await testDatabase(t);
  const nowhere = new URL(url);
  nowhere.searchParams.set("host", "/tmp/no-such-folder");
  const store = postgresStore({ url: nowhere.href, schema, applicationName: "nowhere", maxConnections: 1 });
  await assert.rejects(store.ping(), { code: "store_unavailable", retryable: true });
  await store.close();
  await store.close();
  await assert.rejects(store.ping(), { code: "store_closed", retryable: false });
});

async function endBackend(admin: Store, pid: number): Promise<void> {
  await admin.transaction("kill", (tx) => tx.commit([sql`SELECT pg_terminate_backend(${pid}::int4)`]));
  await gone(admin, pid);
}

/** Resolves when the server process has ended. */
async function gone(admin: Store, pid: number): Promise<void> {
  while ((await admin.query(sql`SELECT 1 FROM pg_stat_activity WHERE pid = ${pid}::int4`)).length > 0);
}
