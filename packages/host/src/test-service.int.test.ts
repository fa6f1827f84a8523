import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { partitionOf } from "@bourse/bus";
import { portfolioEvents, tradeEvents } from "@bourse/contracts";
import { type Delivery, type Envelope, eventsOf, type OutgoingEvent } from "@bourse/delivery";
import { type Store, sql } from "@bourse/store";
import { Type } from "typebox";
import { defineService } from "./definition.ts";
import { testService } from "./testing.ts";

interface Counter {
  readonly store: Store;
  readonly delivery: Delivery;
}

function position(accountId: string): OutgoingEvent {
  const event: OutgoingEvent<typeof portfolioEvents> = {
    topic: portfolioEvents,
    key: accountId,
    partition: partitionOf(accountId, portfolioEvents.partitions),
    event: {
      eventType: "PositionUpdated",
      accountId,
      symbol: "AAPL",
      quantity: "1",
      averagePrice: "1",
      realisedPnl: "0",
      fees: "0",
      trades: 1,
    },
  };
  return event as OutgoingEvent;
}

/** A small service with everything: a table, a consumer with effects, a route that commits, an invariant. */
async function counterService(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), "bourse-host-sql-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(
    join(folder, "0001-counts.sql"),
    "CREATE TABLE counts (account text PRIMARY KEY, trades bigint NOT NULL)",
  );
  const count = (accounts: readonly string[]) =>
    accounts.map(
      (account) =>
        sql`INSERT INTO counts VALUES (${account}, 1) ON CONFLICT (account) DO UPDATE SET trades = counts.trades + 1`,
    );
  return defineService({
    name: "portfolio",
    description: "counts trades",
    port: 0,
    config: Type.Object({}),
    migrations: pathToFileURL(`${folder}/`),
    publishes: [portfolioEvents],
    calls: [],
    setup: ({ store, delivery }): Counter => ({ store, delivery }),
    consumes: [
      {
        kind: "effect",
        subscription: "counts",
        topics: [tradeEvents],
        policy: "stop",
        handle: async (_service: Counter, batch: readonly Envelope[]) => {
          const settled = eventsOf(batch, tradeEvents).flatMap(({ event }) =>
            event.eventType === "TradeSettled" ? [event.buyerAccountId] : [],
          );
          return { statements: count(settled), events: settled.map(position), result: undefined };
        },
      },
    ],
    routes: [
      {
        method: "POST",
        path: "/count/:account",
        summary: "count one",
        access: "internal",
        params: Type.Object({ account: Type.String() }),
        answers: { 200: Type.Unknown() },
        handle: async ({ delivery }, { params: { account = "" } }) => {
          const { numbered } = await delivery.commit("count", async () => ({
            statements: count([account]),
            events: [position(account)],
            result: undefined,
          }));
          return { status: 200, body: { sequence: numbered[0]?.sequence } };
        },
      },
    ],
    jobs: [
      {
        name: "reset",
        everyMs: 1,
        run: async ({ store }) => {
          await store.transaction("reset", (tx) => tx.commit([sql`DELETE FROM counts`]));
        },
      },
    ],
    invariants: [
      {
        name: "counts",
        rule: "every count is positive",
        check: async ({ store }) => {
          const rows = await store.query(sql`SELECT account, trades FROM counts ORDER BY account`);
          return {
            checked: rows.length,
            violations: rows.filter(({ trades }) => Number(trades) < 1).map(({ account }) => String(account)),
          };
        },
      },
    ],
  });
}

const settled = (tradeId: string, buyerAccountId: string) => ({
  key: "AAPL",
  event: {
    eventType: "TradeSettled",
    tradeId,
    symbol: "AAPL",
    buyerAccountId,
    sellerAccountId: "s",
    shortfall: false,
  },
});

test("a service consumes, commits and publishes on real parts, and goes on after a restart", async (t) => {
  const first = await testService(t, await counterService(t));
  const trades = async () =>
    (await first.store.query(sql`SELECT account, trades FROM counts ORDER BY account`)).map(
      ({ account, trades }) => [account, Number(trades)],
    );

  await first.publish(tradeEvents, [settled("1", "a"), settled("2", "a"), settled("3", "b")]);
  await first.quiet();
  assert.deepEqual(await trades(), [
    ["a", 2],
    ["b", 1],
  ]);
  const answer = await first.request("POST", "/count/c", { as: "internal" });
  assert.deepEqual([answer.status, answer.body], [200, { sequence: 1 }]);
  await first.quiet();
  const published = await first.published(portfolioEvents);
  assert.deepEqual(published.map(({ event }) => event.accountId).sort(), ["a", "a", "b", "c"]);
  assert.ok(published.every(({ producer }) => producer === "portfolio"));
  assert.ok(
    published.every(({ event }) => /^2023-11-14T/.test(event.timestamp)),
    "the manual clock's time",
  );

  const second = await first.restart();
  await second.publish(tradeEvents, [settled("4", "b")]);
  await second.quiet();
  assert.deepEqual(await trades(), [
    ["a", 2],
    ["b", 2],
    ["c", 1],
  ]);
  const { body: report } = await second.request("POST", "/internal/invariants", { as: "internal" });
  const [counts, gapless] = report.invariants;
  assert.deepEqual(counts, {
    name: "counts",
    rule: "every count is positive",
    checked: 3,
    violations: [],
    violationCount: 0,
  });
  // Every service is asked for the numbers of what it publishes, beside its own rules.
  assert.deepEqual(
    [gapless.name, gapless.checked, gapless.violations],
    ["sequences-gapless-portfolio-events", 5, []],
  );
  const { body: status } = await second.request("GET", "/internal/status", { as: "internal" });
  assert.equal(status.delivery.outboxBacklog, 0);
  assert.deepEqual(status.delivery.consumptions[0]?.subscription, "counts");

  await second.runJob("reset");
  assert.deepEqual(await trades(), []);

  const at = { topic: portfolioEvents.name, partition: partitionOf("a", portfolioEvents.partitions) };
  const [last] = await second.bus.tail(at.topic, at.partition, 1);
  assert.ok(last);
  const missing = Number(last.headers.sequence) + 1;
  const headers = { ...last.headers, sequence: String(missing + 1) };
  await second.bus.send([{ ...at, records: [{ ...last, headers }] }]);
  const { body: planted } = await second.request("POST", `/internal/invariants/${gapless.name}`, {
    as: "internal",
  });
  assert.match(planted.violations.join(), new RegExp(`1/${missing + 1} came, 1/${missing} is nowhere`));
});

test("a record that can't be applied leaves the doors open and the service not ready", async (t) => {
  const { publish, restart } = await testService(t, await counterService(t));
  await publish(tradeEvents, [{ key: "AAPL", event: { eventType: "TradeSettled", tradeId: "broken" } }]);
  const again = await restart();
  const ready = await again.request("GET", "/health/ready");
  assert.equal(ready.status, 503);
  assert.match(ready.body.reasons.join(), /stopped/);
  assert.equal((await again.request("POST", "/count/c", { as: "internal" })).status, 200);
});

test("R4: what setup commits is in its day of the outbox, and so is all that follows", async (t) => {
  const definition = await counterService(t);
  const { store, quiet } = await testService(t, {
    ...definition,
    setup: async (shell) => {
      const event: OutgoingEvent = position("alice");
      await shell.delivery.commit("begin", async () => ({
        statements: [],
        events: [event],
        result: undefined,
      }));
      return await definition.setup(shell);
    },
  });
  await quiet();
  const rows = await store.query(sql`SELECT DISTINCT tableoid::regclass::text AS day FROM outbox`);
  assert.deepEqual(
    rows.map(({ day }) => /^outbox_d[0-9]+$/.test(String(day))),
    [true],
  );
});
