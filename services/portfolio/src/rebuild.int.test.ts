import assert from "node:assert/strict";
import { test } from "node:test";
import { auditTopic, portfolioEvents, tradeEvents } from "@bourse/contracts";
import { machineTimer, type TestedService, testService } from "@bourse/host/testing";
import { sql } from "@bourse/store";
import type { Portfolio } from "./portfolio.ts";
import { portfolio } from "./service.ts";
import { executed, listings, listingTopic } from "./testing.ts";

const PATH = "/api/v1/rebuilds/portfolio/positions";
const operator = { keyId: "olga", role: "operator" } as const;
type Tested = TestedService<Portfolio>;

async function opened(t: { after(fn: () => Promise<void>): void }): Promise<Tested> {
  const tested = await testService<Portfolio>(t, portfolio);
  await tested.publish(listingTopic, listings);
  return tested;
}

/** As an operator does: who is told that the database did not answer and nothing was done asks again. */
async function ask(tested: Tested, action?: string) {
  for (let tries = 1; ; tries++) {
    const answer =
      action === undefined
        ? await tested.request("GET", PATH, { as: operator })
        : await tested.request("POST", PATH, { as: operator, body: { action } });
    if (answer.body.code !== "store_unavailable" || tries === 20) return answer;
  }
}

/** Trades of two accounts, numbered on. */
function trader(tested: Tested) {
  let number = 0;
  return async (count: number): Promise<void> => {
    const trades = Array.from({ length: count }, () => {
      const n = ++number;
      const [buyer, seller] = n % 3 === 0 ? ["bob", "alice"] : ["alice", "bob"];
      return executed({
        number: n,
        price: String(100 + (n % 7)),
        quantity: String(1 + (n % 5)),
        buyer,
        seller,
        buyerFee: "0.01",
      });
    });
    await tested.publish(tradeEvents, trades);
  };
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await condition()); tries++) {
    assert.ok(tries < 6_000, `waited in vain until ${what}`);
    await machineTimer.sleep(10);
  }
}

async function violations(tested: Tested): Promise<readonly string[]> {
  await tested.quiet();
  const found: string[] = [];
  for (const { check } of portfolio.invariants) found.push(...(await check(tested.service)).violations);
  return found;
}

const plant = (tested: Tested, statement: string): Promise<void> =>
  tested.store
    .transaction("plant", (tx) => tx.commit([{ text: statement, values: [] }]))
    .then(() => undefined);

test("R5: a projection is made anew beside the old one, under traffic, and takes its place", async (t) => {
  const tested = await opened(t);
  const trade = trader(tested);
  await trade(200);
  await tested.quiet();
  await plant(tested, "UPDATE positions SET realised = realised + 7 WHERE account_id = 'alice'");
  await plant(
    tested,
    `INSERT INTO positions SELECT 'ghost', symbol, method, quantity_lots, cost, realised, fees, open_lots, trades
     FROM positions WHERE account_id = 'bob'`,
  );
  assert.ok((await violations(tested)).length > 0, "the old one is wrong");

  const begun = await ask(tested, "start");
  assert.equal(begun.status, 200);
  assert.deepEqual([begun.body.state, begun.body.generation], ["BUILDING", 2]);
  await trade(100);
  await until("it has caught up", async () => (await ask(tested)).body.lag === 0);
  await tested.quiet();
  const { body: compared } = await ask(tested, "compare");
  assert.deepEqual(
    [compared.sameMarks, compared.tables[0].rows, compared.tables[0].rebuiltRows],
    [true, 3, 2],
  );
  assert.deepEqual([compared.tables[0].onlyInOld, compared.tables[0].onlyInNew], [2, 1]);
  assert.match(JSON.stringify(compared.tables[0].examples), /ghost/);

  // Trades go on while they change places.
  const traffic = (async () => {
    for (let round = 0; round < 10; round++) await trade(20);
  })();
  let switched = await ask(tested, "switch");
  for (let tries = 0; switched.body.code === "rebuild_behind" && tries < 20; tries++)
    switched = await ask(tested, "switch");
  assert.equal(switched.status, 200, JSON.stringify(switched.body));
  await traffic;
  assert.deepEqual(await violations(tested), []);
  const ghosts = await tested.store.query(sql`SELECT 1 FROM positions WHERE account_id = 'ghost'`);
  assert.equal(ghosts.length, 0);
  const marks = await tested.store.query(sql`SELECT DISTINCT subscription FROM marks ORDER BY 1`);
  assert.deepEqual(
    marks.map(({ subscription }) => subscription),
    ["positions"],
  );

  assert.equal((await ask(tested, "start")).status, 409, "the old tables are still there");
  assert.equal((await ask(tested, "drop")).body.state, "ENDED");
  await trade(10);
  assert.deepEqual(await violations(tested), []);
  const restarted = await tested.restart();
  assert.deepEqual(await violations(restarted), []);
  assert.equal((await ask(restarted, "start")).body.generation, 3, "and once more");
  await until("it has caught up again", async () => (await ask(restarted)).body.lag === 0);
  const { body: again } = await ask(restarted, "compare");
  assert.deepEqual([again.tables[0].onlyInOld, again.tables[0].onlyInNew], [0, 0]);
  assert.equal((await ask(restarted, "abort")).body.state, "ENDED");
  assert.deepEqual(await violations(restarted), []);
});

test("R5: the generation that is built publishes nothing, and goes on after a restart", async (t) => {
  const tested = await opened(t);
  const trade = trader(tested);
  await trade(50);
  await tested.quiet();
  const before = (await tested.published(portfolioEvents)).length;
  await ask(tested, "start");
  await until("it has caught up", async () => (await ask(tested)).body.lag === 0);
  assert.equal((await tested.published(portfolioEvents)).length, before);
  const restarted = await tested.restart();
  const waiting = await ask(restarted);
  assert.deepEqual([waiting.body.state, waiting.body.runner], ["BUILDING", null]);
  await ask(restarted, "start");
  await until("it has caught up", async () => (await ask(restarted)).body.lag === 0);
  assert.equal((await ask(restarted, "switch")).status, 200);
  assert.equal((await restarted.published(portfolioEvents)).length, before, "nothing differed");
  assert.deepEqual(await violations(restarted), []);
});

test("R5: a rebuild has caught up where all that is left was there before, and not where an end is not known", async (t) => {
  const tested = await opened(t);
  const trade = trader(tested);
  await trade(5);
  await tested.quiet();
  await ask(tested, "start");
  await until("it has caught up", async () => (await ask(tested)).body.lag === 0);
  // A relay that has slept sends its last records again (R4).
  for (let partition = 0; partition < tradeEvents.partitions; partition++) {
    const records = await tested.bus.tail(tradeEvents.name, partition, 2);
    if (records.length > 0) await tested.bus.send([{ topic: tradeEvents.name, partition, records }]);
  }
  assert.equal((await ask(tested)).body.lag, 0);
  const offsets = tested.bus.offsets.bind(tested.bus);
  t.mock.method(tested.bus, "offsets", async (topic: string) => (await offsets(topic)).slice(1));
  assert.equal((await ask(tested)).body.lag, null);
});

test("R5, R12: what the old generation had parked is applied with the new one, and holds nothing up any more", async (t) => {
  const tested = await opened(t);
  const trade = trader(tested);
  await trade(10);
  await tested.quiet();
  await plant(tested, "ALTER TABLE positions ADD CONSTRAINT planted CHECK (trades <= 10)");
  await trade(6);
  const parked = async () =>
    await tested.store.query(
      sql`SELECT status, resolved_by, count(*) AS count FROM parked GROUP BY 1, 2 ORDER BY 1, 2`,
    );
  await until("all are parked", async () => Number((await parked())[0]?.count) === 6);
  await plant(tested, "ALTER TABLE positions DROP CONSTRAINT planted");
  await ask(tested, "start");
  await until("it has caught up", async () => (await ask(tested)).body.lag === 0);
  await plant(
    tested,
    `INSERT INTO parked SELECT (jsonb_populate_record(p, '{"subscription": "positions@2"}')).* FROM parked p LIMIT 1`,
  );
  const refused = await ask(tested, "switch");
  assert.equal(refused.status, 409);
  assert.match(refused.body.detail, /positions@2 has parked 1 record/, JSON.stringify(refused.body));
  await plant(tested, "DELETE FROM parked WHERE subscription = 'positions@2'");
  assert.equal((await ask(tested, "switch")).status, 200);
  assert.deepEqual(await parked(), [{ status: "APPLIED", resolved_by: "rebuild", count: 6n }]);
  await trade(5);
  assert.deepEqual(await violations(tested), []);
  const restarted = await tested.restart();
  await trade(5);
  assert.deepEqual(await violations(restarted), []);
});

test("R12: who has begun, switched, dropped and given up a rebuild is told in the audit, each once", async (t) => {
  const tested = await opened(t);
  await trader(tested)(10);
  await tested.quiet();
  const both = await Promise.all([ask(tested, "start"), ask(tested, "start")]);
  assert.deepEqual(
    both.map(({ status, body }) => [status, body.state, body.generation]),
    [
      [200, "BUILDING", 2],
      [200, "BUILDING", 2],
    ],
  );
  await until("it has caught up", async () => (await ask(tested)).body.lag === 0);
  await ask(tested, "compare");
  assert.equal((await ask(tested, "switch")).status, 200);
  const drops = await Promise.all([ask(tested, "drop"), ask(tested, "drop")]);
  assert.deepEqual(drops.map(({ status }) => status).sort(), [200, 409]);
  await ask(tested, "start");
  const aborts = await Promise.all([ask(tested, "abort"), ask(tested, "abort")]);
  assert.deepEqual(aborts.map(({ status }) => status).sort(), [200, 409]);
  await tested.quiet();
  const audits = (await tested.published(auditTopic("portfolio"))).map(({ event }) => event);
  assert.deepEqual(
    audits.map(({ actorId, actorRole, action, subjects, outcome }) => [
      actorId,
      actorRole,
      action,
      subjects,
      outcome,
    ]),
    [
      ["olga", "operator", "rebuild.start", ["positions@2"], "done"],
      ["olga", "operator", "rebuild.switch", ["positions@2"], "done"],
      ["olga", "operator", "rebuild.drop", ["positions@2"], "done"],
      ["olga", "operator", "rebuild.start", ["positions@3"], "done"],
      ["olga", "operator", "rebuild.abort", ["positions@3"], "done"],
    ],
  );
  assert.deepEqual(await violations(tested), []);
});

test("who may rebuild what", async (t) => {
  const tested = await opened(t);
  const account = { keyId: "k", role: "account", accountId: "alice" } as const;
  assert.equal((await tested.request("POST", PATH, { as: account, body: { action: "start" } })).status, 403);
  const other = PATH.replace("positions", "prices");
  const { status, body } = await tested.request("POST", other, { as: operator, body: { action: "start" } });
  assert.equal(status, 404);
  assert.equal(body.errors[0].allowed, "positions");
  for (const action of ["compare", "switch", "drop", "abort"])
    assert.equal((await ask(tested, action)).status, 409, action);
});
