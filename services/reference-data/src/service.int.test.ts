import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventBus } from "@bourse/bus";
import { auditTopic, referenceEvents } from "@bourse/contracts";
import { type TestedService, testService } from "@bourse/host/testing";
import { BTC, BTC_USD, USD } from "@bourse/market/testing";
import { sql } from "@bourse/store";
import type { ReferenceData } from "./reference-data.ts";
import { referenceData } from "./service.ts";
import { raiseGreatestLimits } from "./told-limits.ts";

const operator = { keyId: "op", role: "operator" } as const;

async function list(tested: TestedService<ReferenceData>): Promise<void> {
  for (const asset of [USD, BTC]) {
    const answer = await tested.request("POST", "/api/v1/assets", { as: operator, body: asset });
    assert.deepEqual([answer.status, answer.body], [201, asset]);
  }
  const answer = await tested.request("POST", "/api/v1/instruments", { as: operator, body: BTC_USD });
  assert.deepEqual([answer.status, answer.body], [201, BTC_USD]);
}

async function violationsOf(tested: TestedService<ReferenceData>, name: string): Promise<readonly string[]> {
  const invariant = referenceData.invariants.find((each) => each.name === name);
  assert.ok(invariant !== undefined, name);
  const { checked, violations } = await invariant.check(tested.service);
  assert.ok(checked > 0, `${name} looked at something`);
  return violations;
}

test("what is listed can be read by anyone, and is told in order", async (t) => {
  const tested = await testService(t, referenceData);
  await list(tested);
  assert.deepEqual((await tested.request("GET", "/api/v1/assets")).body, { assets: [BTC, USD] });
  assert.deepEqual((await tested.request("GET", "/api/v1/instruments")).body, { instruments: [BTC_USD] });
  assert.deepEqual((await tested.request("GET", "/api/v1/instruments/BTC-USD")).body, BTC_USD);
  assert.equal((await tested.request("GET", "/api/v1/instruments/ETH-USD")).body.code, "symbol_not_found");
  await tested.quiet();
  const told = await tested.published(referenceEvents);
  assert.deepEqual(
    told.map(({ key, event }) => [key, event.eventType]),
    [
      ["USD", "AssetListed"],
      ["BTC", "AssetListed"],
      ["BTC-USD", "InstrumentListed"],
    ],
  );
});

test("who has listed and changed what is told in the audit, and asking for what is so already is not", async (t) => {
  const tested = await testService(t, referenceData);
  await list(tested);
  await tested.request("POST", "/api/v1/assets", { as: operator, body: USD });
  await tested.request("POST", "/api/v1/instruments", { as: operator, body: BTC_USD });
  for (const makerFeePpm of [7, 7])
    assert.equal(
      (await tested.request("PATCH", "/api/v1/instruments/BTC-USD", { as: operator, body: { makerFeePpm } }))
        .status,
      200,
    );
  await tested.quiet();
  const audits = (await tested.published(auditTopic("reference-data"))).map(({ event }) => event);
  assert.deepEqual(
    audits.map(({ actorId, action, subjects }) => [actorId, action, ...subjects]),
    [
      ["op", "assets.list", "USD"],
      ["op", "assets.list", "BTC"],
      ["op", "instruments.list", "BTC-USD"],
      ["op", "instruments.change", "BTC-USD"],
    ],
  );
  const { body } = await tested.request("GET", "/metrics");
  assert.match(body, /changes_total\{[^}]*InstrumentChanged[^}]*\} 1$/m, "an audit is no change");
});

test("listing again changes nothing; other facts are refused by name", async (t) => {
  const tested = await testService(t, referenceData);
  await list(tested);
  const post = (path: string, body: object) => tested.request("POST", path, { as: operator, body });
  assert.equal((await post("/api/v1/assets", USD)).status, 200);
  assert.equal((await post("/api/v1/instruments", BTC_USD)).status, 200);
  assert.equal((await post("/api/v1/instruments", { ...BTC_USD, maxPrice: "1000000.0" })).status, 200);

  const scale = await post("/api/v1/assets", { ...USD, scale: 2 });
  assert.equal(scale.status, 409);
  assert.deepEqual(scale.body.errors, [{ field: "scale", given: "2", allowed: "6, as it is listed" }]);
  const tick = await post("/api/v1/instruments", { ...BTC_USD, tickSize: "0.1" });
  assert.equal(tick.status, 409);
  assert.deepEqual(
    tick.body.errors.map(({ field }: { field: string }) => field),
    ["tickSize"],
  );
  await tested.quiet();
  assert.equal((await tested.published(referenceEvents)).length, 3);
});

test("what can't be listed is refused with field, given and allowed, and changes nothing", async (t) => {
  const tested = await testService(t, referenceData);
  await list(tested);
  const cases: readonly (readonly [object, number, string])[] = [
    [{ baseAsset: "ETH" }, 422, "baseAsset"],
    [{ quoteAsset: "EUR" }, 422, "quoteAsset"],
    [{ quoteAsset: "BTC" }, 422, "quoteAsset"],
    [{ tickSize: "0" }, 422, "tickSize"],
    [{ lotSize: "0.000000001" }, 422, "lotSize"],
    [{ tickSize: "0.00001", lotSize: "0.0001" }, 422, "tickSize"],
    [{ maxPrice: "1000000.01" }, 422, "maxPrice"],
    [{ maxQuantity: "100000000000" }, 422, "maxQuantity"],
    [{ minQuantity: "2000" }, 422, "minQuantity"],
    [{ referencePrice: "0.01" }, 422, "referencePrice"],
    [{ calendar: "XNYS" }, 422, "calendar"],
    [{ collarPpm: 2_000_000_000 }, 422, "collarPpm"],
    [{ tickSize: "1e3" }, 400, "tickSize"],
    [{ makerFeePpm: 1.5 }, 400, "makerFeePpm"],
    [{ status: "OPEN" }, 400, "status"],
    [{ scale: 3 }, 400, "scale"],
  ];
  for (const [change, status, field] of cases) {
    const body = { ...BTC_USD, symbol: "NEW", ...change };
    const answer = await tested.request("POST", "/api/v1/instruments", { as: operator, body });
    assert.equal(answer.status, status, `${field}: ${JSON.stringify(answer.body)}`);
    assert.equal(answer.body.errors[0].field, field);
    assert.notEqual(answer.body.errors[0].allowed, "");
  }
  assert.equal((await tested.request("GET", "/api/v1/instruments")).body.instruments.length, 1);
});

test("what may change does, and is told once; the rest is refused by name", async (t) => {
  const tested = await testService(t, referenceData);
  await list(tested);
  const patch = (body: object, symbol = "BTC-USD") =>
    tested.request("PATCH", `/api/v1/instruments/${symbol}`, { as: operator, body });
  const changed = await patch({ takerFeePpm: 300, status: "HALTED" });
  assert.deepEqual([changed.status, changed.body], [200, { ...BTC_USD, takerFeePpm: 300, status: "HALTED" }]);
  assert.equal((await patch({ takerFeePpm: 300 })).status, 200);
  for (const field of ["tickSize", "lotSize", "scale", "baseAsset", "calendar"]) {
    const value = field === "scale" ? 3 : field === "baseAsset" ? "BTC" : field === "calendar" ? "XNAS" : "1";
    const answer = await patch({ [field]: value });
    assert.equal(answer.status, 422, field);
    assert.equal(answer.body.errors[0].field, field);
  }
  assert.equal((await patch({ makerFeePpm: 1 }, "ETH-USD")).status, 404);
  assert.equal((await patch({})).status, 400);
  await tested.quiet();
  const told = (await tested.published(referenceEvents)).slice(3);
  assert.deepEqual(
    told.map(({ event }) => [event.eventType, event.takerFeePpm]),
    [["InstrumentChanged", 300]],
  );
});

test("limits that only the topic still knows of count after a restore (R6, R9)", async (t) => {
  const tested = await testService(t, referenceData);
  await list(tested);
  const patch = (to: TestedService<ReferenceData>, body: object) =>
    to.request("PATCH", "/api/v1/instruments/BTC-USD", { as: operator, body });
  assert.equal((await patch(tested, { maxPrice: "40000000" })).status, 200);
  assert.equal((await patch(tested, { maxPrice: "1000000" })).status, 200);
  await tested.quiet();
  // As in a backup from before the limit was raised, once it is recovered; what the topic also has is nobody's limit.
  const [known] = await tested.bus.tail(referenceEvents.name, 0, 1);
  assert.ok(known !== undefined);
  const junk = { key: "BTC-USD", value: "no JSON", headers: known.headers, timestampMs: known.timestampMs };
  await tested.bus.send([{ topic: referenceEvents.name, partition: 0, records: [junk] }]);
  await tested.store.transaction("restore", (tx) =>
    tx.commit([
      sql`UPDATE instruments SET greatest_price = '1000000'`,
      sql`UPDATE outbox_head SET epoch = 2 WHERE topic = ${referenceEvents.name}`,
    ]),
  );
  const restored = await tested.restart();
  const beyond = await patch(restored, { maxQuantity: "10000" });
  assert.deepEqual(
    [beyond.status, beyond.body.errors],
    [
      422,
      [
        {
          field: "maxQuantity",
          given: "10000",
          allowed:
            "maxPrice x maxQuantity at most 9007199254740991 ticks x lots, also with the greatest that it has had, 40000000 and 1000",
        },
      ],
    ],
  );
});

test("the topic is read for its limits once in an epoch, not at every start", async (t) => {
  const tested = await testService(t, referenceData);
  await list(tested);
  const restarted = await tested.restart();
  const { store, delivery } = restarted.service;
  const read = () => assert.fail("the topic is read");
  const bus = { read, tail: read } as unknown as EventBus;
  const log = { info: read, warn: read, error: read };
  await raiseGreatestLimits({ store, delivery, bus, log });
});

test("what is listed anew after a restore has the limits that it had before (R6, R9)", async (t) => {
  const tested = await testService(t, referenceData);
  await list(tested);
  await tested.quiet();
  await tested.store.transaction("restore", (tx) =>
    tx.commit([
      sql`DELETE FROM instruments`,
      sql`UPDATE outbox_head SET epoch = 2 WHERE topic = ${referenceEvents.name}`,
    ]),
  );
  const restored = await tested.restart();
  const smaller = { ...BTC_USD, maxPrice: "100000", status: "HALTED" };
  assert.equal(
    (await restored.request("POST", "/api/v1/instruments", { as: operator, body: smaller })).status,
    201,
  );
  const again = await restored.restart();
  assert.deepEqual(await again.store.query(sql`SELECT greatest_price, limits_epoch FROM instruments`), [
    { greatest_price: "1000000", limits_epoch: 2 },
  ]);
});

test("only an operator lists and changes", async (t) => {
  const tested = await testService(t, referenceData);
  const account = { keyId: "k", role: "account", accountId: "alice" } as const;
  assert.equal((await tested.request("POST", "/api/v1/assets", { body: USD })).status, 401);
  assert.equal((await tested.request("POST", "/api/v1/assets", { as: account, body: USD })).status, 403);
  assert.equal(
    (await tested.request("POST", "/api/v1/instruments", { as: account, body: BTC_USD })).status,
    403,
  );
});

test("listing the same from many sides at once lists it once", async (t) => {
  const tested = await testService(t, referenceData);
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => tested.request("POST", "/api/v1/assets", { as: operator, body: USD })),
  );
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 200, 200, 200, 200, 200, 201]);
  await tested.quiet();
  assert.equal((await tested.published(referenceEvents)).length, 1);
});

test("each invariant holds, and reports what breaks it", async (t) => {
  const tested = await testService(t, referenceData);
  await list(tested);
  await tested.request("PATCH", "/api/v1/instruments/BTC-USD", { as: operator, body: { collarPpm: 20_000 } });
  await tested.quiet();
  for (const { name } of referenceData.invariants)
    assert.deepEqual(await violationsOf(tested, name), [], name);

  const plant = (...statements: readonly ReturnType<typeof sql>[]) =>
    tested.store.transaction("plant", (tx) => tx.commit(statements));
  await plant(sql`UPDATE instruments SET reference_price = '60000.01'`);
  assert.match((await violationsOf(tested, "listing-rule"))[0] ?? "", /BTC-USD: referencePrice is 60000\.01/);
  assert.match(
    (await violationsOf(tested, "rows-equal-events"))[0] ?? "",
    /referencePrice of BTC-USD is 60000\.01/,
  );
  await plant(
    sql`UPDATE instruments SET reference_price = '60000'`,
    sql`INSERT INTO assets (asset, name, kind, scale) VALUES ('EUR', 'Euro', 'FIAT', 6)`,
  );
  assert.deepEqual(await violationsOf(tested, "rows-equal-events"), [
    "the asset EUR has a row and is not in the topic",
  ]);
  await plant(sql`DELETE FROM assets WHERE asset = 'EUR'`, sql`DELETE FROM instruments`);
  assert.deepEqual(await violationsOf(tested, "rows-equal-events"), [
    "the instrument BTC-USD is in the topic and has no row",
  ]);
});
