import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { catalogue } from "@bourse/contracts";
import { describeViolations, ROOT } from "./repository.ts";
import { assertNone } from "./testing.ts";
import { checkWriters, type Publisher } from "./writers.ts";

/** The definition of every service, out of its `service.ts`. */
async function definitions(): Promise<readonly Publisher[]> {
  const files = globSync("services/*/src/service.ts", { cwd: ROOT });
  const modules = await Promise.all(
    files.map(async (file) => Object.values((await import(pathToFileURL(join(ROOT, file)).href)) as object)),
  );
  return modules.map((values, index) => {
    const definition = values.find(isPublisher);
    assert.ok(definition !== undefined, `${files[index]} exports no definition`);
    return definition;
  });
}

function isPublisher(value: unknown): value is Publisher {
  return typeof value === "object" && value !== null && "publishes" in value && "name" in value;
}

test("each event type has one writer, and each service publishes what it writes (R2)", async () => {
  const publishers = await definitions();
  assert.ok(catalogue.length >= 10);
  assert.equal(publishers.length, globSync("services/*/package.json", { cwd: ROOT }).length);
  assertNone(checkWriters(catalogue, publishers));
});

describe("a planted fault is found", () => {
  const orders = { name: "order-events", events: [{ eventType: "OrderCreated", writer: "order" }] };
  const trades = {
    name: "trade-events",
    events: [
      { eventType: "TradeExecuted", writer: "matching" },
      { eventType: "TradeSettled", writer: "wallet" },
    ],
  };
  const order = { name: "order", publishes: [orders] };
  const matching = { name: "matching", publishes: [trades] };
  const wallet = { name: "wallet", publishes: [trades] };
  const found = (...[topics, services]: Parameters<typeof checkWriters>): string =>
    describeViolations(checkWriters(topics, services));

  test("none where all is well", () => {
    assert.equal(found([orders, trades], [order, matching, wallet]), "");
  });
  test("two writers of a topic", () => {
    const events = [...orders.events, { eventType: "OrderRouted", writer: "bots" }];
    const bots = { name: "bots", publishes: [orders] };
    assert.match(found([{ ...orders, events }], [order, bots]), /order-events has the writers bots, order/);
  });
  test("a third writer of trade-events", () => {
    const events = [...trades.events, { eventType: "TradeBusted", writer: "risk" }];
    const risk = { name: "risk", publishes: [trades] };
    assert.match(
      found([{ ...trades, events }], [matching, wallet, risk]),
      /the writers matching, risk, wallet/,
    );
  });
  test("an event type in two topics", () => {
    const copy = { ...orders, name: "orders-again" };
    assert.match(
      found([orders, copy], [{ ...order, publishes: [orders, copy] }]),
      /OrderCreated is in the catalogue twice/,
    );
  });
  test("a topic that is published by a service that writes nothing of it", () => {
    const risk = { name: "risk", publishes: [orders] };
    assert.match(found([orders], [order, risk]), /risk.*publishes order-events and writes no event/);
  });
  test("a writer that does not publish", () => {
    assert.match(found([orders, trades], [order, matching]), /wallet.*does not publish/);
  });
  test("dead letters that are listed by hand", () => {
    const events = ["order", "risk"].map((writer) => ({ eventType: "DeadLettered", writer }));
    const letters = { name: "dead-letter-order-events", family: "dead-letter", events } as const;
    assert.equal(found([orders, letters], [order]), "", "and every consumer may write them");
    assert.match(
      found([orders, letters], [{ ...order, publishes: [orders, letters] }]),
      /order.*publishes dead-letter-order-events, which is derived/,
    );
  });
  test("a topic outside the catalogue", () => {
    assert.match(
      found([orders], [{ ...order, publishes: [orders, trades] }]),
      /trade-events, which is not in/,
    );
  });
});
