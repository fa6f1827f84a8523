import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { postgresStore, sql } from "@bourse/store";
import { removeDataFolder, startPostgres } from "@bourse/store/local-postgres";
import {
  databaseWorkText,
  STATEMENT_SETTINGS,
  StatementWatch,
  type StatementWork,
  tablesBetween,
} from "./statements.ts";

test("a load's statements and rows are told apart from what came before it", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "bourse-statements-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const postgres = await startPostgres({ folder: join(folder, "postgres"), settings: STATEMENT_SETTINGS });
  const store = postgresStore({
    url: postgres.adminUrl,
    schema: "public",
    applicationName: "test",
    maxConnections: 1,
  });
  const watching = StatementWatch.start(postgres.adminUrl, join(folder, "profile"), { tellsAfterMs: 0 });
  t.after(async () => {
    await store.close();
    await (await watching).close();
  });
  t.after(async () => {
    await postgres.stop();
    removeDataFolder(join(folder, "postgres"));
  });
  const watch = await watching;
  const insert = (rows: number): Promise<void> =>
    store.transaction("insert", async (tx) => {
      await tx.run([sql`INSERT INTO lots SELECT FROM generate_series(1, ${rows}::int)`]);
      await tx.commit([sql`SELECT pg_stat_force_next_flush()`]);
    });
  await store.transaction("make", (tx) => tx.commit([sql`CREATE TABLE lots ()`]));
  await insert(5);

  await watch.begin();
  await insert(8);
  const text = readFileSync(await watch.end("load", 4), "utf8");
  assert.match(text, /^4 orders; for each of them:\n\d+ µs in statements/);
  assert.match(
    text,
    /│ +1 │ +\d+ │ +2\.000 │ +\d+ │ postgres │ INSERT INTO lots SELECT FROM generate_series/,
  );
  assert.match(text, /2\.000 rows written\n/);
  assert.match(text, /│ public\.lots +│ +2\.000 │ +0\.000 │ +0\.000 │ +0\.000 │/);
  assert.doesNotMatch(text, /CREATE TABLE/);

  const stop = new AbortController();
  const patient = await StatementWatch.start(postgres.adminUrl, folder, {
    tellsAfterMs: 3_600_000,
    signal: stop.signal,
  });
  const waiting = patient.begin();
  stop.abort();
  await assert.rejects(waiting, { name: "AbortError" });
  await patient.close();
});

const nothing = { inserted: 0, updated: 0, inPlace: 0, deleted: 0 };

test("tables of which nothing was written are left out, the most written comes first", () => {
  const before = [
    { ...nothing, name: "a.idle", inserted: 7 },
    { ...nothing, name: "a.busy", inserted: 7, updated: 2, inPlace: 1 },
  ];
  const after = [
    { ...nothing, name: "a.idle", inserted: 7 },
    { ...nothing, name: "a.new", deleted: 1, inserted: 2 },
    { name: "a.busy", inserted: 9, updated: 6, inPlace: 4, deleted: 0 },
  ];
  assert.deepEqual(tablesBetween(before, after), [
    { name: "a.busy", inserted: 2, updated: 4, inPlace: 3, deleted: 0 },
    { name: "a.new", inserted: 2, updated: 0, inPlace: 0, deleted: 1 },
  ]);
});

test("a long statement is one line of the report, and only the dearest are shown", () => {
  const statement = { role: "wallet", calls: 2, milliseconds: 3, rows: 4, walBytes: 500 };
  const statements: readonly StatementWork[] = Array.from({ length: 60 }, (_, nth) => ({
    ...statement,
    text: `SELECT ${nth}\n   ${"x".repeat(500)}`,
  }));
  const lines = databaseWorkText({ statements, tables: [] }, 10).split("\n");
  assert.equal(lines.filter((line) => line.includes("SELECT")).length, 40);
  assert.match(
    lines.find((line) => line.includes("SELECT 39 x")) ?? "",
    /300\.00 │ +2 │ +1500 │ 0\.400 │ +50 │ wallet/,
  );
  assert.match(lines[1] ?? "", /^18000 µs/);
});
