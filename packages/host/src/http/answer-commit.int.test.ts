import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { sql } from "@bourse/store";
import { UNHURRIED } from "@bourse/store/testing";
import { Type } from "typebox";
import { type AnyRoute, defineService, type IdempotencyRule, type Route } from "../definition.ts";
import { createDirectory } from "../directory.ts";
import { problem } from "../problem.ts";
import { machineTimer, TEST_TOKEN, testService } from "../testing.ts";

interface Shop {
  readonly newId: () => string;
  /** Held up until it resolves; for requests that overlap. */
  hold: Promise<void> | null;
  readonly held: (() => void)[];
}

const operator = { keyId: "op-1", role: "operator" } as const;
const alice = { keyId: "k1", role: "account", accountId: "alice" } as const;
const aliceToo = { keyId: "k2", role: "account", accountId: "alice" } as const;
const bob = { keyId: "k3", role: "account", accountId: "bob" } as const;

function route(path: string, idempotency?: IdempotencyRule): Route<Shop> {
  return {
    method: "POST",
    path: `${path}/:shelf`,
    summary: "make a thing",
    access: "authenticated",
    ...(idempotency === undefined ? {} : { idempotency }),
    params: Type.Object({ shelf: Type.String() }),
    body: Type.Object({ name: Type.String(), size: Type.Optional(Type.Integer()) }),
    answers: { 201: Type.Unknown() },
    problems: ["insufficient_funds"],
    handle: async (shop, { params, body }, commit) => {
      const { name } = body as { name: string };
      const { answer } = await commit("make", async (unit) => {
        await unit.run([UNHURRIED]);
        for (const tell of shop.held.splice(0)) tell();
        if (shop.hold !== null) await shop.hold;
        if (name === "refused")
          return { statements: [], events: [], result: problem("insufficient_funds", "no") };
        if (name === "later") return { statements: [], events: [], result: problem("not_ready", "later") };
        const id = shop.newId();
        const view = { id, shelf: params.shelf, name };
        return {
          statements: [sql`INSERT INTO things (id, name) VALUES (${id}, ${name})`],
          events: [],
          result: { status: 201, headers: { location: `/things/${id}`, "x-more": "1" }, body: view },
        };
      });
      return answer;
    },
  };
}

async function shop(t: TestContext, env: Readonly<Record<string, string>> = {}) {
  const folder = await mkdtemp(join(tmpdir(), "bourse-host-sql-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(
    join(folder, "0001-things.sql"),
    "CREATE TABLE things (id text PRIMARY KEY, name text NOT NULL)",
  );
  const tested = await testService(
    t,
    defineService({
      name: "wallet",
      description: "makes things",
      port: 0,
      config: Type.Object({}),
      migrations: pathToFileURL(`${folder}/`),
      publishes: [],
      calls: [],
      setup: ({ newId }): Shop => ({ newId, hold: null, held: [] }),
      consumes: [],
      routes: [
        route("/required", "required"),
        route("/optional", "optional"),
        route("/silent"),
        route("/natural", { natural: "its key", header: "optional" }),
      ],
      jobs: [],
      invariants: [],
    }),
    { env },
  );
  const make = (
    path: string,
    { key, as = alice, body = { name: "thing" } }: { key?: string; as?: typeof alice; body?: unknown } = {},
  ) =>
    tested.request("POST", path, {
      as,
      body,
      ...(key === undefined ? {} : { headers: { "idempotency-key": key } }),
    });
  const things = async (): Promise<number> =>
    Number((await tested.store.query(sql`SELECT count(*)::int4 AS n FROM things`))[0]?.n);
  return { ...tested, make, things };
}

test("R10: a key makes it happen once; the same request is given the same answer", async (t) => {
  const { make, things, store } = await shop(t);
  const first = await make("/required/a", { key: "k1" });
  assert.deepEqual([first.status, first.headers["x-more"]], [201, "1"]);
  assert.equal(first.headers["idempotent-replayed"], undefined);
  const again = await make("/required/a", { key: "k1" });
  assert.deepEqual([again.status, again.body, again.headers["x-more"]], [201, first.body, undefined]);
  assert.equal(again.headers["idempotent-replayed"], "true");
  assert.equal(again.headers.location, first.headers.location);
  assert.equal(
    (await make("/required/a", { key: "k1", as: aliceToo as never })).headers.location,
    first.headers.location,
  );
  assert.equal(await things(), 1);
  const rows = await store.query(sql`SELECT principal, scope, key, headers, body FROM idempotency`);
  assert.deepEqual(
    rows.map(({ principal, scope, key }) => [principal, scope, key]),
    [["account:alice", "POST /required/:shelf", "k1"]],
  );
});

test("R10: another body, path or query under the key is refused; another caller or route is another key", async (t) => {
  const { make, things } = await shop(t);
  await make("/required/a", { key: "k1", body: { name: "thing", size: 1 } });
  // The order of fields is not another body.
  assert.equal((await make("/required/a", { key: "k1", body: { size: 1, name: "thing" } })).status, 201);
  for (const [path, body] of [
    ["/required/a", { name: "other" }],
    ["/required/b", { name: "thing", size: 1 }],
  ] as const) {
    const answer = await make(path, { key: "k1", body });
    assert.deepEqual([answer.status, answer.body.code], [422, "idempotency_key_reused"]);
  }
  assert.equal(await things(), 1);
  assert.equal((await make("/optional/a", { key: "k1", body: { name: "thing", size: 1 } })).status, 201);
  for (const as of [bob, operator])
    assert.equal((await make("/required/a", { key: "k1", as: as as never })).status, 201);
  assert.equal(await things(), 4);
});

test("a required key is asked for, a bad one is named, an optional one may be left out", async (t) => {
  const { make, things } = await shop(t);
  const without = await make("/required/a");
  assert.deepEqual([without.status, without.body.code], [400, "idempotency_key_required"]);
  for (const path of ["/required/a", "/optional/a", "/natural/a"])
    for (const key of ["", "a b", "x".repeat(97)]) {
      const { status, body } = await make(path, { key });
      const allowed = "a header of 1 to 96 visible characters";
      const fault = { field: "Idempotency-Key", given: key === "" ? '""' : key, allowed };
      assert.deepEqual([status, body.code, body.errors], [400, "validation_failed", [fault]]);
    }
  assert.equal((await make("/optional/a")).status, 201);
  assert.equal((await make("/optional/a")).status, 201);
  assert.equal(await things(), 2);
});

test("a refusal is kept like any answer, one that may come out otherwise is not", async (t) => {
  const { make } = await shop(t);
  await make("/required/a", { key: "k1", body: { name: "refused" } });
  const again = await make("/required/a", { key: "k1", body: { name: "refused" } });
  assert.deepEqual([again.status, again.body.code], [422, "insufficient_funds"]);
  assert.match(again.headers["content-type"] ?? "", /problem\+json/);
  assert.equal(again.headers["idempotent-replayed"], "true");
  assert.equal((await make("/required/a", { key: "k2", body: { name: "later" } })).status, 503);
  assert.equal((await make("/required/a", { key: "k2", body: { name: "now" } })).status, 201);
});

test("while a key is worked on, the same key is told to come again", async (t) => {
  const { make, service, things } = await shop(t);
  let goOn = (): void => undefined;
  service.hold = new Promise((resolve) => {
    goOn = resolve;
  });
  const inWork = new Promise<void>((resolve) => service.held.push(resolve));
  const first = make("/required/a", { key: "k1" });
  await inWork;
  const second = await make("/required/a", { key: "k1" });
  assert.deepEqual([second.status, second.body.code], [409, "request_in_progress"]);
  assert.equal(second.headers["retry-after"], "1");
  service.hold = null;
  goOn();
  assert.equal((await first).status, 201);
  assert.equal((await make("/required/a", { key: "k1" })).headers["idempotent-replayed"], "true");
  assert.equal(await things(), 1);
});

test("keys are bounded, for a caller and for all, and measured", async (t) => {
  const { make, things, request } = await shop(t, {
    IDEMPOTENCY_MAX_KEYS: "3",
    IDEMPOTENCY_MAX_KEYS_OF_CALLER: "2",
  });
  for (const key of ["k1", "k2"]) await make("/required/a", { key });
  const own = await make("/required/a", { key: "k3" });
  assert.deepEqual([own.status, own.body.code], [429, "too_many_idempotency_keys"]);
  assert.equal(own.headers["retry-after"], "60");
  await make("/required/a", { key: "k1", as: bob as never });
  const all = await make("/required/a", { key: "k2", as: bob as never });
  assert.deepEqual([all.status, all.body.code], [503, "idempotency_keys_full"]);
  assert.equal((await make("/required/a", { key: "k1" })).status, 201, "known ones are answered");
  assert.equal(await things(), 3);
  const { body: metrics } = await request("GET", "/metrics");
  assert.match(metrics, /bourse_delivery_idempotency_rows\{service="wallet"\} 3/);
  assert.match(metrics, /job_runs_total\{job="forget-idempotency-keys",outcome="done",service="wallet"\} 1/);
});

test("R10: through a gateway over HTTP too: the key goes in, the kept answer comes out", async (t) => {
  const { running, things } = await shop(t);
  const directory = createDirectory({
    definitions: [],
    urlOf: () => running.url,
    internalToken: TEST_TOKEN,
    timer: machineTimer,
  });
  t.after(() => directory.close());
  const forward = async (body: object) =>
    await directory.forward("wallet", route("/required", "required") as AnyRoute, {
      params: { shelf: "a" },
      query: {},
      body,
      headers: { "idempotency-key": "k1" },
      principal: alice,
      requestId: "r",
    });
  const first = await forward({ name: "thing" });
  const again = await forward({ name: "thing" });
  assert.deepEqual([again.status, again.body], [201, first.body]);
  assert.deepEqual(
    [first, again].map(({ headers }) => headers?.["idempotent-replayed"]),
    [undefined, "true"],
  );
  assert.equal((await forward({ name: "other" })).status, 422);
  assert.equal(await things(), 1);
});

test("a route that has not said so can't commit its answer this way", async (t) => {
  const { make, things } = await shop(t);
  const answer = await make("/silent/a", { key: "k1" });
  assert.deepEqual([answer.status, answer.body.code], [500, "internal_error"]);
  assert.equal(await things(), 0);
});
