import assert from "node:assert/strict";
import { copyFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { migrate, type Store, StoreError, sql, type Transaction } from "@bourse/store";
import { testDatabase } from "@bourse/store/testing";
import fc from "fast-check";
import { Registry } from "prom-client";
import { createDeliveryDoor } from "../commit.ts";
import type { Effects, Unit } from "../definitions.ts";
import { deliveryMigrations } from "../migrations.ts";
import { orderContracts, placed, retentionBy } from "../testing/fixtures.ts";
import { createIdempotency, type Idempotency } from "./idempotency.ts";
import type { Answer, IdempotencyBounds, IdempotentCommand } from "./idempotent-command.ts";

type Fault = "none" | "not_applied" | "unknown_applied" | "unknown_not_applied";

interface Given {
  readonly store: Store;
  readonly clock: { ms: number };
  /** Another instance of the service: its own counters, the same tables. */
  readonly instance: (bounds?: Partial<IdempotencyBounds>) => Idempotency;
  /** What the next COMMITs come to. */
  readonly faults: Fault[];
}

const FOLDERS = [{ prefix: "delivery", folder: deliveryMigrations }];

async function given(t: TestContext): Promise<Given> {
  const { store } = await testDatabase(t, { migrations: FOLDERS, maxConnections: 8 });
  await store.transaction("tables", (tx) =>
    tx.commit([sql`CREATE TABLE effects (key text NOT NULL, body text NOT NULL, attempt int NOT NULL)`]),
  );
  const clock = { ms: 1_700_000_000_000 };
  const faults: Fault[] = [];
  const instance = (bounds: Partial<IdempotencyBounds> = {}): Idempotency =>
    createIdempotency({
      delivery: createDeliveryDoor({
        store: failing(store, faults),
        clock: { nowMs: () => clock.ms },
        contracts: orderContracts(),
        sink: { hand: () => undefined, lookAgain: () => undefined },
        counted: () => undefined,
        retention: retentionBy({ nowMs: () => clock.ms }),
      }),
      metrics: new Registry(),
      bounds,
    });
  return { store, clock, instance, faults };
}

/** The three outcomes of a COMMIT (R16), and the lost answer of one that did not happen. */
function failing(store: Store, faults: Fault[]): Store {
  return {
    query: (statement) => store.query(statement),
    scan: (statement) => store.scan(statement),
    queries: (statements) => store.queries(statements),
    ping: () => store.ping(),
    close: () => store.close(),
    transaction: async (name, work) => {
      let unknown = false;
      const result = await store.transaction(name, (tx: Transaction) =>
        work({
          run: (statements) => tx.run(statements),
          commit: async (statements) => {
            const fault = faults.shift() ?? "none";
            if (fault === "not_applied")
              throw new StoreError("store_unavailable", "injected", { retryable: true });
            if (fault === "unknown_not_applied")
              throw new StoreError("commit_unknown", "injected", { retryable: false });
            const rows = await tx.commit(statements);
            unknown = fault === "unknown_applied";
            return rows;
          },
        }),
      );
      if (unknown) throw new StoreError("commit_unknown", "injected", { retryable: false });
      return result;
    },
  };
}

const command = (key: string, bodyHash = "body", principal = "account:alice"): IdempotentCommand => ({
  principal,
  scope: "POST /things",
  key,
  bodyHash,
});

/** Nothing fails any more: whoever asks is answered soon. */
const MAX_SENDS = 20;

let attempts = 0;
const making =
  (key: string, body = "body") =>
  async (): Promise<Effects<Answer>> => {
    attempts += 1;
    return {
      statements: [sql`INSERT INTO effects (key, body, attempt) VALUES (${key}, ${body}, ${attempts})`],
      events: [placed(attempts)],
      result: { status: 201, body: { attempt: attempts } },
    };
  };

async function count(store: Store, table: "effects" | "idempotency" | "outbox"): Promise<number> {
  const [row] = await store.query({ text: `SELECT count(*)::int4 AS n FROM ${table}`, values: [] });
  return Number(row?.n);
}

async function counted(store: Store): Promise<number> {
  const [row] = await store.query(sql`SELECT sum(rows)::bigint AS n FROM idempotency_counts`);
  return Number(row?.n);
}

/** By principal: what is counted, and what there is. */
async function ofPrincipals(store: Store): Promise<readonly string[][]> {
  const lines = async (text: string): Promise<string[]> =>
    (await store.query({ text, values: [] })).map((row) => `${row.principal} ${row.n}`);
  return [
    await lines("SELECT principal, sum(rows)::int8 AS n FROM idempotency_principals GROUP BY 1 ORDER BY 1"),
    await lines("SELECT principal, count(*)::int8 AS n FROM idempotency GROUP BY 1 ORDER BY 1"),
  ];
}

test("R10: while a key is worked on, the same key is told so at once, by every instance", async (t) => {
  const { store, instance } = await given(t);
  const [one, two] = [instance(), instance()];
  let begun = (): void => undefined;
  let goOn = (): void => undefined;
  const inWork = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const told = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const first = one.once(command("k"), "make", async (unit: Unit) => {
    await unit.run([sql`SELECT 1`]);
    begun();
    await told;
    return making("k")();
  });
  await inWork;
  t.after(goOn);
  for (const other of [one, two])
    assert.equal((await other.once(command("k"), "make", making("k"))).kind, "in_progress");
  assert.equal((await two.once(command("l"), "make", making("l"))).kind, "committed", "other keys go on");
  goOn();
  const done = await first;
  const again = await two.once(command("k"), "make", making("k"));
  assert.equal(again.kind, "replayed");
  assert.ok("answer" in done && "answer" in again);
  assert.deepEqual(again.answer.body, done.answer.body);
  assert.equal(await count(store, "effects"), 2);
  assert.equal(await count(store, "outbox"), 2);
});

test("work that throws leaves nothing: no effect, no answer, no key taken", async (t) => {
  const { store, instance } = await given(t);
  const one = instance();
  await assert.rejects(
    one.once(command("k"), "make", () => Promise.reject(new Error("a fault of ours"))),
    /a fault of ours/,
  );
  assert.equal(await count(store, "idempotency"), 0);
  assert.equal((await one.once(command("k"), "make", making("k"))).kind, "committed");
});

test("bounded: counts follow rows through concurrent keeping, replacing and cleaning", async (t) => {
  const { store, clock, instance } = await given(t);
  const bounds = { maxRows: 45, maxRowsOfPrincipal: 30, cleanBatch: 7 };
  const [one, two] = [instance(bounds), instance(bounds)];
  const keys = Array.from({ length: 30 }, (_, index) => `k${index}`);
  await Promise.all(
    keys.map((key, index) => (index % 2 === 0 ? one : two).once(command(key), "make", making(key))),
  );
  assert.equal((await one.once(command("more"), "make", making("more"))).kind, "principal_full");
  for (const key of keys.slice(0, 15))
    await two.once(command(key, "body", "account:bob"), "make", making(`bob ${key}`));
  assert.equal(
    (await two.once(command("more", "body", "account:bob"), "make", making("more"))).kind,
    "table_full",
  );
  assert.deepEqual([await count(store, "idempotency"), await counted(store)], [45, 45]);
  assert.deepEqual(await ofPrincipals(store), [
    ["account:alice 30", "account:bob 15"],
    ["account:alice 30", "account:bob 15"],
  ]);
  clock.ms += 86_400_000;
  // Two clean at once while keys that have expired are used anew: room is there as soon as some are gone.
  const removed = await Promise.all([one.cleanUp(), two.cleanUp()]);
  assert.equal(removed[0] + removed[1], 45);
  assert.equal((await one.once(command("k1"), "make", making("k1 again"))).kind, "committed");
  clock.ms += 86_400_000;
  assert.equal((await one.once(command("k1"), "make", making("k1 third"))).kind, "committed", "replaced");
  assert.deepEqual([await count(store, "idempotency"), await counted(store)], [1, 1]);
  assert.deepEqual(
    await ofPrincipals(store),
    [["account:alice 1"], ["account:alice 1"]],
    "and no empty rows",
  );
});

test("R10: whatever races and fails, each key has its effect once and one answer", async (t) => {
  const at = await given(t);
  const instances = [at.instance(), at.instance()];
  const request = fc.record({
    key: fc.constantFrom("k1", "k2", "k3"),
    body: fc.constantFrom("one", "other"),
    by: fc.constantFrom(0, 1),
    fault: fc.constantFrom<Fault>("none", "none", "not_applied", "unknown_applied", "unknown_not_applied"),
  });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(request, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 }),
      async (rounds) => {
        run += 1;
        const answers = new Map<string, string>();
        const send = async ({ key, body, by }: (typeof rounds)[number][number]): Promise<boolean> => {
          const id = `${run}-${key}`;
          try {
            const outcome = await instances[by]?.once(command(id, body), "make", making(id, body));
            if (outcome === undefined || outcome.kind === "in_progress") return false;
            if (!("answer" in outcome)) {
              assert.equal(outcome.kind, "key_reused");
              return true;
            }
            const answer = `${body} ${JSON.stringify(outcome.answer.body)}`;
            assert.equal(answer, answers.get(id) ?? answer, "one answer for a key");
            answers.set(id, answer);
            return true;
          } catch (error) {
            assert.ok(error instanceof StoreError, String(error));
            return false;
          }
        };
        for (const round of rounds) {
          at.faults.push(...round.map(({ fault }) => fault));
          await Promise.all(round.map(send));
        }
        at.faults.length = 0;
        for (const each of rounds.flat()) {
          let sends = 1;
          for (; !(await send(each)); sends++) assert.ok(sends < MAX_SENDS, `${each.key} is never answered`);
        }
        const rows = await at.store.query(sql`
          SELECT key, body, attempt FROM effects WHERE starts_with(key, ${`${run}-`}) ORDER BY key, attempt`);
        const effects = rows.map(
          ({ key, body, attempt }) => [String(key), `${body} {"attempt":${attempt}}`] as const,
        );
        assert.deepEqual(new Map(effects), new Map([...answers].sort()));
        assert.equal(effects.length, answers.size, "an effect for each key, once");
      },
    ),
    { numRuns: 40 },
  );
  assert.equal(
    await count(at.store, "outbox"),
    await count(at.store, "effects"),
    "events with effects, once",
  );
});

test("tables that had keys before keys were counted for each principal: the counts are right, and stay so", async (t) => {
  const early = await mkdtemp(join(tmpdir(), "bourse-migrations-"));
  t.after(() => rm(early, { recursive: true }));
  for (const file of await readdir(deliveryMigrations))
    if (file < "0008") await copyFile(new URL(file, deliveryMigrations), join(early, file));
  const folders = [{ prefix: "delivery", folder: pathToFileURL(`${early}/`) }];
  const { store, url, schema } = await testDatabase(t, { migrations: folders });
  await store.transaction("keys", (tx) =>
    tx.commit([
      sql`SELECT idempotency_keep('p' || n % 3, 'orders', 'k' || n, 'hash', 201, '{}', '{}', 1000, 2000 + n % 2)
        FROM generate_series(1, 100) AS n`,
    ]),
  );
  await migrate(url, { schema, folders: FOLDERS });
  assert.deepEqual(await ofPrincipals(store), [
    ["p0 33", "p1 34", "p2 33"],
    ["p0 33", "p1 34", "p2 33"],
  ]);
  const [[cleaned] = []] = await store.transaction("clean", (tx) =>
    tx.commit([sql`SELECT * FROM idempotency_clean(2000, 1000)`]),
  );
  assert.deepEqual([cleaned?.removed, cleaned?.row_count], [50, 50n]);
  const [now, there] = await ofPrincipals(store);
  assert.deepEqual(now, there);
});
