import assert from "node:assert/strict";
import { test } from "node:test";
import { InvariantError } from "@bourse/base";
import { sql } from "@bourse/store";
import { RecordRefused } from "./failure-policy.ts";
import { PARKED_STATUSES } from "./parked-queries.ts";
import { commands, numbered } from "./testing/fixtures.ts";
import { holdableTimer } from "./testing/machine-time.ts";
import {
  audited,
  given,
  instance,
  type Judge,
  keyed,
  markOf,
  nOf,
  OPERATOR,
  send,
  settledOf,
  statuses,
  until,
} from "./testing/settling.ts";

const subjectsOf = (events: readonly Record<string, unknown>[]): readonly string[] =>
  events.flatMap(({ subjects }) => subjects as string[]);

test("a redrive runs its units as the consumer does: inside `around`, and again where that runs them again", async (t) => {
  const all = await given(t);
  let isInside = false;
  const outside: number[] = [];
  let isMended = false;
  let isRacing = false;
  const judge: Judge = (envelope, unit) => {
    if (!isInside) outside.push(nOf(envelope));
    if (!isMended) unit.park(envelope, { code: "not_yet", message: "it comes later" });
    if (isRacing) throw new Error("another was faster");
  };
  const around = async (unit: () => Promise<void>): Promise<void> => {
    isInside = true;
    try {
      await unit().catch((error: unknown) => {
        if (!isRacing) throw error;
        isRacing = false;
        return unit();
      });
    } finally {
      isInside = false;
    }
  };
  const { desk, end } = await instance(t, all, { policy: "skip", judge, around });
  await send(all.bus, 0, [numbered(commands, 0, 1), numbered(commands, 0, 2)]);
  await until(async () => (await markOf(all.store)) === 2);
  [isMended, isRacing] = [true, true];
  const command = { filter: {}, max: 10, runId: "run-1", actor: OPERATOR, requestId: "r-1" };
  assert.deepEqual(await desk.redrive(command), { applied: 2, failed: [], left: 0 });
  assert.deepEqual(outside, []);
  assert.deepEqual(await settledOf(all.store), [1, 2]);
  await end();
});

test("R12: a redrive of thousands that is interrupted goes on: each once, each audited once", async (t) => {
  const all = await given(t);
  const COUNT = 3_000;
  let broken = true;
  const judge: Judge = (envelope, unit) => {
    if (broken) unit.park(envelope, { code: "not_yet", message: `${nOf(envelope)} comes later` });
  };
  const how = { policy: "skip", failure: { parkedPerMinute: COUNT }, judge } as const;
  const first = await instance(t, all, how);
  const expected = Array.from({ length: COUNT }, (_, nth) => nth + 1).filter((n) => n % 1_000 !== 999);
  await send(
    all.bus,
    0,
    expected.map((n, nth) => numbered(commands, 0, nth + 1, { n })),
  );
  await until(async () => (await markOf(all.store)) === expected.length);
  assert.deepEqual(await statuses(all.store), { PARKED: expected.length });
  const origin = (await all.bus.offsets(commands.name)).map(({ latest }) => latest);
  broken = false;
  const command = { filter: { code: "not_yet" }, runId: "run-1", actor: OPERATOR, requestId: "r-1" };
  assert.equal(await first.desk.countToRedrive({ code: "not_yet" }), expected.length);
  let outcomes = 0;
  for (let nth = 0; ; nth++) {
    // Before the server hears of it, and after it has answered: both leave the caller without an answer.
    if (nth < 12) first.proxy.atNextTrip(nth % 2 === 0 ? "before" : "after");
    try {
      const { left, failed } = await first.desk.redrive({ ...command, max: 250 });
      assert.deepEqual(failed, []);
      outcomes++;
      if (left === 0) break;
    } catch (error) {
      assert.match((error as { code: string }).code, /store_unavailable|commit_unknown/);
    }
  }
  assert.ok(outcomes > 1);
  assert.deepEqual(await settledOf(all.store), expected, "each once, in order");
  assert.deepEqual(await statuses(all.store), { APPLIED: expected.length });
  const events = await audited(all.bus, (told) => subjectsOf(told).length >= expected.length);
  const subjects = subjectsOf(events);
  assert.equal(subjects.length, expected.length);
  assert.equal(new Set(subjects).size, expected.length);
  assert.deepEqual(
    [...new Set(events.map(({ actorId, action, outcome }) => `${actorId} ${action} ${outcome}`))],
    ["key-1 dead-letters.redrive done"],
  );
  assert.deepEqual(
    (await all.bus.offsets(commands.name)).map(({ latest }) => latest),
    origin,
    "nothing is written to the origin topic",
  );
  await first.end();
});

for (const [answer, applied] of [
  ["after", "is applied, and the service told of it"],
  ["before", "is not applied: the caller asks again"],
] as const)
  test(`R5: a redrive's COMMIT whose connection ended ${answer} it was run is read back: it ${applied}`, async (t) => {
    const all = await given(t);
    const told: number[] = [];
    let isMended = false;
    let cut: () => void = () => undefined;
    const judge: Judge = (envelope, unit) => {
      if (!isMended) unit.park(envelope, { code: "not_yet", message: "it comes later" });
      cut();
    };
    const committed = (numbers: readonly number[]) => void (isMended && told.push(...numbers));
    const timer = holdableTimer();
    const { desk, proxy, end } = await instance(t, all, { policy: "skip", judge, committed, timer });
    await send(all.bus, 0, [numbered(commands, 0, 1), numbered(commands, 0, 2)]);
    await until(async () => (await markOf(all.store)) === 2);
    isMended = true;
    timer.held = true;
    // The handler has read what it needs: the next trip is its COMMIT.
    cut = () => {
      cut = () => undefined;
      proxy.atNextTrip(answer);
    };
    const command = { filter: {}, max: 10, runId: "run-1", actor: OPERATOR, requestId: "r-1" };
    if (answer === "after") {
      assert.deepEqual(await desk.redrive(command), { applied: 2, failed: [], left: 0 });
    } else {
      await assert.rejects(desk.redrive(command), { code: "commit_unknown" });
      assert.deepEqual(told, []);
      assert.deepEqual(await desk.redrive(command), { applied: 2, failed: [], left: 0 });
    }
    assert.deepEqual(told, [1, 2]);
    assert.deepEqual(await settledOf(all.store), [1, 2]);
    await end();
  });

test("R12: parkKey under way: a key drains in order while its records keep coming, and none overtakes", async (t) => {
  const all = await given(t);
  let broken = true;
  const judge: Judge = (envelope) => {
    if (broken && nOf(envelope) === 5) throw new RecordRefused("not_yet", "5 comes later");
  };
  const how = { policy: "parkKey", judge, maxBatch: 7 } as const;
  // Two instances: one consumes, either redrives.
  const [a, b] = [await instance(t, all, how), await instance(t, all, how)];
  const keys = ["a", "b"];
  let sent = 0;
  const produce = async (count: number): Promise<void> => {
    const records = Array.from({ length: count }, (_, nth) => {
      const n = sent + nth + 1;
      return keyed(numbered(commands, 0, n), keys[n % 2] ?? "");
    });
    sent += count;
    await send(all.bus, 0, records);
  };
  await produce(300);
  await until(async () => (await markOf(all.store)) === sent);
  assert.equal((await statuses(all.store)).PARKED, 148);
  broken = false;
  const stillComing = (async () => {
    for (let nth = 0; nth < 40; nth++) await produce(13);
  })();
  const command = { filter: { code: "not_yet" }, actor: OPERATOR, requestId: "r", max: 40 };
  for (let nth = 0; ((await statuses(all.store)).PARKED ?? 0) > 0 || nth === 0; nth++) {
    const desks = [a.desk, b.desk].map((desk) =>
      desk.redrive({ ...command, filter: {}, runId: `run-${nth}` }),
    );
    for (const { failed } of await Promise.all(desks)) assert.deepEqual(failed, []);
  }
  await stillComing;
  await until(async () => (await markOf(all.store)) === sent);
  while (((await statuses(all.store)).PARKED ?? 0) > 0)
    await a.desk.redrive({ ...command, filter: {}, runId: "last" });
  const settled = await settledOf(all.store);
  assert.equal(settled.length, sent);
  for (const rest of [0, 1]) {
    const ofKey = settled.filter((n) => n % 2 === rest);
    assert.deepEqual(
      ofKey,
      [...ofKey].sort((x, y) => x - y),
      `key ${keys[rest]} in order`,
    );
  }
  const parkedBefore = (await statuses(all.store)).APPLIED;
  await produce(10);
  await until(async () => (await settledOf(all.store)).length === sent);
  assert.equal(
    (await statuses(all.store)).APPLIED,
    parkedBefore,
    "the key is free: nothing is parked any more",
  );
  await Promise.all([a.end(), b.end()]);
});

test("R12: a redrive that has failed thousands of times goes on with the rest", async (t) => {
  const all = await given(t);
  const { desk, end } = await instance(t, all, { policy: "skip" });
  const [failed, open] = [10_000, 30_000];
  // In pieces: on a busy machine all at once may take longer than a statement may.
  const piece = 5_000;
  const pieces = Array.from({ length: (failed + open) / piece }, (_, nth) => nth * piece);
  await all.store.transaction("head", (tx) =>
    tx.commit([
      sql`INSERT INTO parked_heads (subscription, topic, partition, next_place)
        VALUES ('settle', ${commands.name}, 0, ${failed + open + 1})`,
    ]),
  );
  for (const before of pieces)
    await all.store.transaction("fill", (tx) =>
      tx.commit([
        sql`INSERT INTO parked (subscription, topic, partition, place, topic_id, record_offset, record_time_ms, record_value,
          headers, attempts, first_failed_ms, parked_ms, code, message, last_run)
        SELECT 'settle', ${commands.name}, 0, n, '', n, 0, 'no JSON', '{}', 1, 0, 0, 'not_yet', '',
          CASE WHEN n <= ${failed}::int THEN 'run-1' END
        FROM generate_series(${before + 1}::int, ${before + piece}::int) AS n`,
      ]),
    );
  const command = { filter: { code: "not_yet" }, max: 1, runId: "run-1", actor: OPERATOR, requestId: "r" };
  const { applied, failed: again, left } = await desk.redrive(command);
  assert.deepEqual(
    [applied, again.map(({ id }) => id), left],
    [0, [`settle/${commands.name}/0/10001`], open - 1],
  );
  await end();
});

test("R12: once one of its records is meant a key's whole queue goes, however long, also by a redrive that goes on", async (t) => {
  const all = await given(t);
  let isMended = false;
  const judge: Judge = (envelope, unit) => {
    if (!isMended && nOf(envelope) <= 2) unit.park(envelope, { code: "not_yet", message: "it comes later" });
    if (nOf(envelope) === 3) throw new InvariantError("3 holds");
  };
  const failure = { attempts: 1, parkedPerMinute: 1_000 };
  const { desk, end } = await instance(t, all, { policy: "parkKey", judge, failure });
  // 1 holds up the others of its key; 2 and 3 hold up one each, of which only the first can be mended.
  const keyOf = (n: number): string => (n === 2 || n === 4 ? "b" : n === 3 || n === 5 ? "c" : "a");
  const count = 255;
  const numbers = Array.from({ length: count }, (_, nth) => nth + 1);
  await send(
    all.bus,
    0,
    numbers.map((n) => keyed(numbered(commands, 0, n), keyOf(n))),
  );
  await until(async () => (await markOf(all.store)) === count);
  assert.deepEqual(await statuses(all.store), { PARKED: count });
  isMended = true;
  const command = { filter: { code: "not_yet" }, actor: OPERATOR, requestId: "r" };
  assert.equal(await desk.countToRedrive(command.filter), count - 2);
  const first = await desk.redrive({ ...command, max: 120, runId: "interrupted" });
  assert.deepEqual(first, { applied: 120, failed: [], left: count - 2 - 120 });
  const second = await desk.redrive({ ...command, max: 1_000, runId: "another" });
  assert.deepEqual(second, { applied: count - 2 - 120, failed: [], left: 0 });
  assert.deepEqual(
    await settledOf(all.store),
    numbers.filter((n) => n !== 3 && n !== 5),
  );
  await end();
});

test("R12: what fails again stays parked and stops its key only; replays are counted; the run leaves it alone", async (t) => {
  const all = await given(t);
  const bad = new Set([1, 2, 7]);
  const judge: Judge = (envelope) => {
    if (bad.has(nOf(envelope))) throw new InvariantError(`${nOf(envelope)} holds`);
  };
  const { desk, end, registry } = await instance(t, all, {
    policy: "parkKey",
    failure: { attempts: 1 },
    judge,
  });
  const keys = ["a", "b", "c"];
  await send(
    all.bus,
    0,
    Array.from({ length: 9 }, (_, nth) => keyed(numbered(commands, 0, nth + 1), keys[nth % 3] ?? "")),
  );
  await until(async () => (await markOf(all.store)) === 9);
  assert.deepEqual(await settledOf(all.store), [3, 6, 9]);
  // a: 1, 4, 7 (and 7 would fail too); b: 2, 5, 8.
  bad.delete(1);
  const command = { filter: {}, max: 100, actor: OPERATOR, requestId: "r", reason: "fixed" };
  const outcome = await desk.redrive({ ...command, runId: "one" });
  assert.equal(outcome.applied, 2);
  assert.deepEqual(outcome.failed.map(({ id, code }) => `${id} ${code}`).sort(), [
    "settle/test-commands/0/2 retries_exhausted",
    "settle/test-commands/0/5 retries_exhausted",
  ]);
  assert.equal(outcome.left, 0, "what is left is stuck behind what has failed in this run");
  assert.deepEqual(await settledOf(all.store), [3, 6, 9, 1, 4]);
  const again = await desk.redrive({ ...command, runId: "one" });
  assert.deepEqual(again, { applied: 0, failed: [], left: 0 });
  assert.equal((await desk.show("settle/test-commands/0/2"))?.replays, 1);
  assert.equal(await desk.countToRedrive({}), 4);
  await desk.redrive({ ...command, runId: "two" });
  assert.equal((await desk.show("settle/test-commands/0/2"))?.replays, 2);
  const events = await audited(all.bus, (told) => told.length >= 3);
  assert.ok(events.some(({ outcome: how, detail }) => how === "failed" && /2 holds/.test(String(detail))));
  assert.ok(events.every(({ reason }) => reason === "fixed"));
  const gauge = await registry.getSingleMetric("bourse_delivery_parked_records")?.get();
  assert.deepEqual(
    gauge?.values.map(({ labels, value }) => [labels.reason, value]),
    [
      ["queued_behind", 2],
      ["retries_exhausted", 2],
    ],
  );
  await end();
});

test("R12: drop gives up from the front of a key only, with a reason, once; what is behind can go on", async (t) => {
  const all = await given(t);
  const judge: Judge = (envelope) => {
    if (nOf(envelope) <= 2) throw new RecordRefused("test_record", "not meant for us");
  };
  const { desk, end } = await instance(t, all, { policy: "parkKey", judge });
  await send(
    all.bus,
    0,
    [1, 2, 3, 4].map((n) => keyed(numbered(commands, 0, n), n % 2 === 0 ? "even" : "odd")),
  );
  await until(async () => (await markOf(all.store)) === 4);
  const command = { max: 100, actor: OPERATOR, requestId: "r", reason: "a test" };
  assert.equal(await desk.countToDrop({ code: "queued_behind" }), 0, "they are not the first of their keys");
  assert.deepEqual(await desk.drop({ ...command, filter: { code: "queued_behind" } }), {
    dropped: 0,
    left: 0,
  });
  assert.deepEqual(await desk.drop({ ...command, max: 1, filter: { code: "test_record" } }), {
    dropped: 1,
    left: 1,
  });
  assert.deepEqual(await desk.drop({ ...command, filter: { code: "test_record" } }), { dropped: 1, left: 0 });
  const { applied } = await desk.redrive({ ...command, filter: { key: "even" }, runId: "x" });
  assert.equal(applied, 1);
  assert.deepEqual(await settledOf(all.store), [4]);
  const dropped = await desk.show("settle/test-commands/0/1");
  assert.deepEqual(
    [dropped?.status, dropped?.resolvedBy, dropped?.resolvedReason],
    ["DROPPED", "key-1", "a test"],
  );
  assert.deepEqual(
    (await desk.reasons({})).map(({ code, status, count }) => [code, status, count]),
    [
      ["test_record", "DROPPED", 2],
      ["queued_behind", "APPLIED", 1],
      ["queued_behind", "PARKED", 1],
    ],
  );
  assert.equal(PARKED_STATUSES.length, 3);
  const page = await desk.list({}, "settle/test-commands/0/2", 1);
  assert.deepEqual(
    page.map(({ place }) => place),
    [3],
  );
  await end();
});
