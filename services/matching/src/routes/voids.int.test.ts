import assert from "node:assert/strict";
import { test } from "node:test";
import { InvariantError, type Steps } from "@bourse/base";
import { partitionOf } from "@bourse/bus";
import { executionEvents, orderEvents, type TopicEvent } from "@bourse/contracts";
import { type Envelope, readBroken } from "@bourse/delivery";
import { machineTimer, type TestedService, testService } from "@bourse/host/testing";
import { folderOf, type Matching } from "../matching.ts";
import { matching } from "../service.ts";
import { MatchingProgram } from "../shard/matching-program.ts";
import { voidRoutes } from "./voids.ts";

/** An engine with a fault: it breaks on every order of account `mallory`, in the middle of its work. */
class PlantedProgram extends MatchingProgram {
  override applySteps(
    envelope: Envelope,
    output: Parameters<MatchingProgram["applySteps"]>[1],
  ): Steps<void> | null {
    const rest = super.applySteps(envelope, output);
    const command = envelope.event as TopicEvent<typeof orderEvents>;
    if (command.eventType === "OrderCreated" && command.accountId === "mallory")
      throw new InvariantError("a planted fault");
    return rest;
  }
}

const planted = {
  ...matching,
  consumes: matching.consumes.map((each) =>
    each.kind === "shard" ? { ...each, snapshotEvery: 2, create: () => new PlantedProgram() } : each,
  ),
};

const LISTED = {
  eventType: "SymbolListed",
  requestId: "l1",
  symbol: "AAPL",
  baseAsset: "AAPL",
  quoteAsset: "USD",
  baseScale: 0,
  quoteScale: 6,
  tickSize: "0.01",
  lotSize: "1",
  maxPrice: "10000",
  maxQuantity: "10000",
};

function placed(n: number, side: "BUY" | "SELL", accountId: string) {
  return {
    key: "AAPL",
    event: {
      eventType: "OrderCreated",
      orderId: n.toString(16).padStart(32, "0"),
      accountId,
      clientOrderId: `c${n}`,
      symbol: "AAPL",
      side,
      orderType: "LIMIT",
      timeInForce: "GTC",
      quantity: "10",
      price: "100",
      worstPrice: "100",
      postOnly: false,
      makerFeePpm: 100,
      takerFeePpm: 300,
      status: "PENDING",
    },
  };
}

const as = { keyId: "olga", role: "operator" } as const;

async function until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; !(await condition()); tries++) {
    assert.ok(tries < 6_000, `waited in vain until ${what}`);
    await machineTimer.sleep(10);
  }
}

async function reasons(tested: TestedService<Matching>): Promise<string> {
  const { body } = await tested.request("GET", "/internal/status", { as: "internal" });
  return body.unready.join();
}

test("R8: an operator voids the command that broke the engine; it is rejected once, and the book goes on", async (t) => {
  const tested = await testService<Matching>(t, planted);
  await until("all partitions are owned", () => tested.service.programs.size === orderEvents.partitions);
  const exit = placed(2, "BUY", "mallory");
  Object.assign(exit.event, { parentId: "c1", parentOrderId: "1".padStart(32, "0") });
  const orders = [placed(1, "SELL", "bob"), exit, placed(3, "BUY", "alice")];
  await tested.publish(orderEvents, [{ key: "AAPL", event: LISTED }, ...orders]);
  await until("it has stopped", async () => (await reasons(tested)).includes("a planted fault"));
  const found = /order-events\/(\d) number (\d+) \(OrderCreated\).*bourse void (\d) (\d+)/.exec(
    await reasons(tested),
  );
  const partition = Number(found?.[1]);
  const sequence = Number(found?.[2]);
  assert.deepEqual([Number(found?.[3]), Number(found?.[4])], [partition, sequence]);
  assert.equal(sequence, 3);

  const path = "/api/v1/matching/voids";
  const body = { partition, sequence, reason: "ticket 4711" };
  const account = { keyId: "k", role: "account", accountId: "alice" } as const;
  assert.equal((await tested.request("POST", path, { as: account, body })).status, 403);
  assert.equal((await tested.request("POST", path, { as, body: { ...body, sequence: 99 } })).status, 404);
  const past = await tested.request("POST", path, { as, body: { ...body, sequence: 2 } });
  assert.equal(past.status, 409);
  assert.match(past.body.detail, /the engine is past it/);
  const running = await tested.request("POST", path, {
    as,
    body: { ...body, partition: (partition + 1) % 4 },
  });
  assert.equal(running.status, 404, "no such command there");

  const voided = await tested.request("POST", path, { as, body });
  assert.equal(voided.status, 201);
  assert.equal(voided.body.who, "olga");
  assert.equal((await tested.request("POST", path, { as, body })).status, 200, "again: as it was");
  await until("it goes on", () => tested.service.programs.size === orderEvents.partitions);
  await tested.quiet();

  const reports = (await tested.published(executionEvents)).map(({ event }) => event);
  const rejected = reports.filter(({ commandSequence }) => commandSequence === 3);
  assert.deepEqual(
    rejected.map(({ execType, orderStatus, outcome, reason, leavesQuantity, done }) => [
      execType,
      orderStatus,
      outcome,
      reason,
      leavesQuantity,
      done,
    ]),
    [["REJECTED", "REJECTED", true, "voided", "0", true]],
  );
  assert.ok(
    reports.some(({ execType, accountId }) => execType === "TRADE" && accountId === "alice"),
    "what came behind it trades",
  );
  const [invariant] = matching.invariants;
  assert.deepEqual((await invariant?.check(tested.service))?.violations, []);
  const listed = await tested.request("GET", path, { as });
  const { command, ...asListed } = voided.body;
  assert.deepEqual(listed.body.voids, [asListed]);
  const order = { orderId: "2".padStart(32, "0"), accountId: "mallory", clientOrderId: "c2" };
  assert.deepEqual(command, { eventType: "OrderCreated", ...order, parentOrderId: "1".padStart(32, "0") });

  const restarted = await tested.restart();
  await until("all are owned again", () => restarted.service.programs.size === orderEvents.partitions);
  assert.equal((await restarted.published(executionEvents)).length, reports.length);
});

test("R8: whichever instance is asked, only the command that has stopped its partition is voided", async (t) => {
  const tested = await testService<Matching>(t, planted);
  await until("all partitions are owned", () => tested.service.programs.size === orderEvents.partitions);
  await tested.publish(orderEvents, [{ key: "AAPL", event: LISTED }]);
  await tested.quiet();
  const partition = partitionOf("AAPL", orderEvents.partitions);
  const path = "/api/v1/matching/voids";
  const route = voidRoutes.find(({ method }) => method === "POST");
  /** An instance that has none of the partitions, beside the one that has them all. */
  const another: Matching = { ...tested.service, programs: new Map() };
  const askAnother = async (sequence: number) =>
    await route?.handle(
      another,
      {
        body: { partition, sequence, reason: "ticket 4711" },
        principal: as,
        params: {},
        query: {},
        headers: {},
        requestId: "r1",
      },
      () => Promise.reject(new Error("nothing is committed")),
    );
  await tested.publish(orderEvents, [placed(1, "BUY", "mallory"), placed(2, "BUY", "alice")]);
  await until("it has stopped", async () => (await reasons(tested)).includes("a planted fault"));
  const wrong = await askAnother(3);
  assert.equal(wrong?.status, 409);
  assert.match(JSON.stringify(wrong?.body), /partition \d has stopped on number 2/);
  const body = { partition, sequence: 3, reason: "ticket 4711" };
  assert.equal((await tested.request("POST", path, { as, body })).status, 409, "so says the one that has it");

  assert.equal((await askAnother(2))?.status, 201);
  await until("it goes on", () => tested.service.programs.size === orderEvents.partitions);
  await tested.quiet();
  assert.equal(await readBroken(folderOf(another, partition)), null, "what had stopped it is forgotten");
  const outcomes = (await tested.published(executionEvents)).map(({ event }) => event.commandSequence);
  assert.deepEqual(outcomes, [1, 2, 3], "one each");
});
