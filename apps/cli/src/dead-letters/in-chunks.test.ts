import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { CliError } from "../cli-error.ts";
import { GatewayClient } from "../client.ts";
import { type FakeAnswer, type FakeRequest, fakeGateway, problemAnswer } from "../testing/fake-gateway.ts";
import { testOutput } from "../testing/test-output.ts";
import { recordReference, sinceTime } from "./filter.ts";
import { type ChunkedWork, dropInChunks, redriveInChunks } from "./in-chunks.ts";

async function work(
  t: TestContext,
  answer: (request: FakeRequest, nth: number) => FakeAnswer,
  max = 1_000_000,
): Promise<{ readonly work: ChunkedWork; readonly requests: readonly FakeRequest[] }> {
  const gateway = await fakeGateway(t, answer);
  const client = new GatewayClient({ url: gateway.url });
  t.after(() => client.close());
  let nowMs = 0;
  const patience = {
    limitMs: 1_000,
    sleep: async (ms: number) => {
      nowMs += ms;
    },
    nowMs: () => nowMs,
    random: () => 0.5,
  };
  const { output } = testOutput();
  return {
    work: { client, output, patience, service: "wallet", filter: { code: "x" }, max },
    requests: gateway.requests,
  };
}

/** A service with so many parked records. Each of `bad` fails once a run. */
function service(parked: number, bad: readonly string[] = []): (request: FakeRequest) => FakeAnswer {
  const failing = [...bad];
  let left = parked;
  return ({ body }) => {
    const failed = failing.splice(0).map((id) => ({ id, code: "retries_exhausted", message: "again" }));
    const applied = Math.min(left - failed.length, body.max - failed.length);
    left -= applied + failed.length;
    return { status: 200, body: { applied, dropped: applied, failed, left } };
  };
}

test("a redrive goes on in bounded chunks of one run until nothing is left", async (t) => {
  const { work: all, requests } = await work(t, service(600, ["a/b/0/1"]));
  const { applied, failed, left } = await redriveInChunks(all, "run-1");
  assert.deepEqual([applied, failed.map(({ id }) => id), left], [599, ["a/b/0/1"], 0]);
  assert.deepEqual(
    requests.map(({ body }) => body),
    [250, 250, 250].map((max) => ({ code: "x", runId: "run-1", max })),
  );
});

test("--max bounds the last chunk, and what is left is told", async (t) => {
  const { work: all, requests } = await work(t, service(600), 300);
  assert.deepEqual(await redriveInChunks(all, "run"), { applied: 300, failed: [], left: 300 });
  assert.deepEqual(
    requests.map(({ body }) => body.max),
    [250, 50],
  );
});

test("a lost answer and a service that restarts are tried again, with the same run; a refusal is not", async (t) => {
  const real = service(10);
  const faults: FakeAnswer[] = ["cut", problemAnswer(503, "outcome_unknown")];
  const { work: all, requests } = await work(t, (request) => faults.shift() ?? real(request));
  assert.equal((await redriveInChunks(all, "run")).applied, 10);
  assert.deepEqual(
    requests.map(({ body }) => body.runId),
    ["run", "run", "run"],
  );
  const refused = await work(t, () => problemAnswer(403, "forbidden"));
  await assert.rejects(redriveInChunks(refused.work, "run"), /forbidden/);
  assert.equal(refused.requests.length, 1);
  const away = await work(t, () => problemAnswer(503, "store_unavailable"));
  await assert.rejects(dropInChunks(away.work), CliError);
});

test("a drop carries its reason in every chunk", async (t) => {
  const { work: all, requests } = await work(t, service(251));
  assert.deepEqual(await dropInChunks({ ...all, reason: "a test" }), { dropped: 251, left: 0 });
  assert.deepEqual(
    requests.map(({ path, body }) => [path, body.reason]),
    [
      ["/api/v1/dead-letters/wallet/drop", "a test"],
      ["/api/v1/dead-letters/wallet/drop", "a test"],
    ],
  );
});

test("--since takes a time, or how long ago", () => {
  const nowMs = Date.parse("2026-11-21T10:00:00.000Z");
  assert.equal(sinceTime("15m", undefined, nowMs), "2026-11-21T09:45:00.000Z");
  assert.equal(sinceTime("2d", undefined, nowMs), "2026-11-19T10:00:00.000Z");
  assert.equal(sinceTime("999999d", undefined, nowMs), "1970-01-01T00:00:00.000Z");
  assert.equal(sinceTime("2026-11-21T09:30:00Z"), "2026-11-21T09:30:00.000Z");
  assert.equal(sinceTime("2026-11-21T09:30:00+01:00"), "2026-11-21T08:30:00.000Z");
  for (const text of [
    "yesterday",
    "15",
    "m",
    "2026-99-99T00:00:00Z",
    "2026-02-30T00:00:00Z",
    "2026-11-21T09:30:00",
  ])
    assert.throws(() => sinceTime(text), /Allowed is a time/);
});

test("a record is named with its service", () => {
  assert.deepEqual(recordReference("market-data/tape/trade-events/2/17"), {
    service: "market-data",
    id: "tape/trade-events/2/17",
  });
  for (const text of ["tape/trade-events/2/17", "wallet/a/b/c/d", ""])
    assert.throws(() => recordReference(text), /Allowed is a record/);
});
