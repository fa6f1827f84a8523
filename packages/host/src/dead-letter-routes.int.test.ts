import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathToFileURL } from "node:url";
import { tradeEvents } from "@bourse/contracts";
import { bareService } from "./testing/bare-service.ts";
import { testService } from "./testing.ts";

const as = { keyId: "operator", role: "operator" } as const;
const PATH = "/api/v1/dead-letters/wallet";

/** A service that has parked one record. */
async function withOneParked(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), "bourse-host-sql-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, "0001-nothing.sql"), "CREATE TABLE nothing (n integer)");
  const tested = await testService(
    t,
    bareService({
      migrations: pathToFileURL(`${folder}/`),
      consumes: [
        {
          kind: "effect",
          subscription: "refuses",
          topics: [tradeEvents],
          policy: "skip",
          handle: async () => ({ statements: [], events: [], result: undefined }),
        },
      ],
    }),
  );
  const nothing = { eventType: "TradeSettled" };
  await tested.publish(tradeEvents, [{ key: "BTC-USD", event: nothing }]);
  await tested.quiet();
  return tested;
}

test("a filter's id that can't be one is nobody's, and a time that there is not is refused by name", async (t) => {
  const { request } = await withOneParked(t);
  const list = async (query: Record<string, string>) => await request("GET", PATH, { as, query });
  const [parked, ...others] = (await list({})).body.records;
  assert.deepEqual([parked.code, others], ["schema_violated", []]);
  assert.equal((await list({ id: parked.id })).body.records.length, 1);
  for (const id of [
    "x",
    "refuses/trade-events/0",
    `${parked.id}0000000000000000`,
    "refuses/trade-events/0/-1",
  ]) {
    assert.deepEqual((await list({ id })).body, { records: [], next: null }, id);
    const redriven = await request("POST", `${PATH}/redrive`, { as, body: { id } });
    assert.deepEqual(redriven.body, { dryRun: false, applied: 0, failed: [], left: 0 }, id);
    const dropped = await request("POST", `${PATH}/drop`, { as, body: { id, reason: "a test" } });
    assert.deepEqual(dropped.body, { dryRun: false, dropped: 0, left: 0 }, id);
  }
  for (const since of ["2026-13-45T99:99:99.000Z", "2026-02-30T00:00:00.000Z", "2026-02-03T24:00:00.000Z"]) {
    for (const answer of [
      await list({ since }),
      await request("GET", `${PATH}/reasons`, { as, query: { since } }),
      await request("POST", `${PATH}/redrive`, { as, body: { since } }),
    ]) {
      assert.equal(answer.status, 400, since);
      const [{ field, allowed }] = answer.body.errors;
      assert.equal(field, "since");
      assert.match(allowed, /^a valid time/);
    }
  }
  assert.equal((await list({ since: "2020-02-29T00:00:00.000Z" })).body.records.length, 1);
});
