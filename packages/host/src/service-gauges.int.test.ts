import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { sql } from "@bourse/store";
import { UNHURRIED } from "@bourse/store/testing";
import { Type } from "typebox";
import { defineService, type Shell } from "./definition.ts";
import { testService } from "./testing.ts";

/** A service that keeps one number in PostgreSQL. */
async function keeper(t: TestContext, reasons: readonly string[] = []) {
  const folder = await mkdtemp(join(tmpdir(), "bourse-host-sql-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, "0001-counts.sql"), "CREATE TABLE counts (n bigint NOT NULL)");
  return await testService(
    t,
    defineService({
      name: "portfolio",
      description: "keeps one number",
      port: 0,
      config: Type.Object({}),
      migrations: pathToFileURL(`${folder}/`),
      publishes: [],
      calls: [],
      setup: ({ store }: Shell<object>) => ({ store }),
      consumes: [],
      routes: [],
      jobs: [],
      unready: () => reasons,
      invariants: [
        {
          name: "small",
          rule: "every number is below ten",
          check: async ({ store }) => {
            const rows = await store.query(sql`SELECT n FROM counts WHERE n >= 10 ORDER BY n`);
            return { checked: 1, violations: rows.map(({ n }) => String(n)) };
          },
        },
      ],
    }),
  );
}

test("what a service tells Prometheus of itself: readiness, database, pools, disk, invariants", async (t) => {
  const reasons: string[] = [];
  const { request, service } = await keeper(t, reasons);
  const scrape = async (): Promise<string> => (await request("GET", "/metrics")).body;
  const figureOf = (text: string, name: string): number => {
    const line = text.split("\n").find((each) => each.startsWith(name));
    assert.ok(line, `${name} is there`);
    return Number(line.split(" ").at(-1));
  };
  const series = async (name: string): Promise<number> => figureOf(await scrape(), name);

  assert.equal(await series("bourse_ready{"), 1);
  assert.equal(await series('bourse_database_up{pool="consumers"'), 1);
  assert.equal(await series('bourse_database_pool_limit{pool="http"'), 4);
  assert.ok((await series('bourse_database_pool_connections{pool="http"')) >= 1);
  assert.equal(await series('bourse_database_pool_waiting{pool="http"'), 0);
  const free = await series("bourse_data_disk_free_bytes{");
  assert.ok(free > 0 && free <= (await series("bourse_data_disk_size_bytes{")));

  reasons.push("it is being moved");
  assert.equal(await series("bourse_ready{"), 0);

  await request("POST", "/internal/invariants", { as: "internal" });
  assert.equal(await series('bourse_invariant_violations{invariant="small"'), 0);
  await service.store.transaction("spoil", (tx) => tx.commit([sql`INSERT INTO counts VALUES (12), (13)`]));
  await request("POST", "/internal/invariants", { as: "internal" });
  assert.equal(await series('bourse_invariant_violations{invariant="small"'), 2);

  // All four connections are at work: the next call waits, and that is seen. So may one that fills other gauges meanwhile.
  const store = service.store;
  const held = Promise.withResolvers<void>();
  const busy = Array.from({ length: 4 }, () =>
    store.transaction("hold", async (tx) => {
      await tx.run([UNHURRIED]);
      await held.promise;
    }),
  );
  const waiting = store.query(sql`SELECT 1`);
  const text = await scrape();
  assert.ok(figureOf(text, 'bourse_database_pool_waiting{pool="http"') >= 1);
  assert.equal(figureOf(text, 'bourse_database_pool_waiting{pool="consumers"'), 0);
  held.resolve();
  await Promise.all([...busy, waiting]);
});

test("however many ask for its health, one question at a time goes to the database", async (t) => {
  const { request, service } = await keeper(t);
  const answer = Promise.withResolvers<void>();
  const ping = t.mock.method(service.store, "ping", () => answer.promise);
  const asked = await Promise.all(Array.from({ length: 5 }, () => request("GET", "/health/ready")));
  assert.deepEqual(new Set(asked.map(({ status }) => status)), new Set([503]));
  assert.equal(ping.mock.callCount(), 1);
  answer.resolve();
  assert.equal((await request("GET", "/health/ready")).status, 200);
  assert.equal((await request("GET", "/health/ready")).status, 200);
  assert.ok(ping.mock.callCount() > 1);
});
