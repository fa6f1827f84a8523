import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { postgresStore, type Statement, type Store, sql } from "@bourse/store";
import { testDatabase, UNHURRIED } from "@bourse/store/testing";
import { createDeliveryDoor } from "./commit.ts";
import type { Delivery } from "./definitions.ts";
import type { OutgoingEvent } from "./envelope.ts";
import type { Advance } from "./mark.ts";
import { advanceStatement, isOutOfDate, readMarks } from "./marks.ts";
import { deliveryMigrations } from "./migrations.ts";
import {
  appendStatement,
  byTopicAndPartition,
  numberRuns,
  type PlannedRun,
  type Run,
  readRunsStatement,
  runsOf,
} from "./outbox.ts";
import { OUTBOX_ROLL } from "./outbox-days.ts";
import { MARK_SENT } from "./relay.ts";
import { NOTE_LOSS, readSent } from "./relay-resume.ts";
import { isRowsMoved } from "./rows-moved.ts";
import { commands, orderContracts, placed, retentionBy } from "./testing/fixtures.ts";

const FOLDERS = [{ prefix: "delivery", folder: deliveryMigrations }];
const DAY_MS = 86_400_000;

async function database(t: TestContext): Promise<Store> {
  const { store } = await testDatabase(t, { migrations: FOLDERS, maxConnections: 8 });
  return store;
}

function door(store: Store, nowMs: () => number, handed: Run[] = []): Delivery {
  return createDeliveryDoor({
    store,
    clock: { nowMs },
    contracts: orderContracts(),
    sink: { hand: (runs) => void handed.push(...runs), lookAgain: () => undefined },
    counted: () => undefined,
    retention: retentionBy({ nowMs }),
  });
}

const commit = (delivery: Delivery, ...events: OutgoingEvent[]) =>
  delivery.commit("test", async () => ({ statements: [], events, result: undefined }));

interface OutboxRow {
  readonly partition: number;
  readonly first: number;
  readonly last: number;
  readonly time: number;
}

async function outbox(store: Store): Promise<readonly OutboxRow[]> {
  const rows = await store.query(sql`
    SELECT partition, first_sequence, last_sequence, time_ms FROM outbox ORDER BY partition, first_sequence`);
  return rows.map((row) => ({
    partition: Number(row.partition),
    first: Number(row.first_sequence),
    last: Number(row.last_sequence),
    time: Number(row.time_ms),
  }));
}

test("R3: transactions that race get gapless numbers, and time never goes back within a partition", async (t) => {
  const store = await database(t);
  let clock = 1_700_000_000_000;
  // Each transaction reads another time, some of them behind those before.
  const delivery = door(store, () => (clock += clock % 3 === 0 ? 5 : -1));
  const commits = await Promise.all(
    Array.from({ length: 60 }, (_, n) => commit(delivery, placed(n, n % 2), placed(n, 1), placed(n, n % 2))),
  );
  for (const partition of [0, 1]) {
    const rows = (await outbox(store)).filter((row) => row.partition === partition);
    let next = 1;
    let time = 0;
    for (const row of rows) {
      assert.equal(row.first, next);
      assert.ok(row.time >= time, "time is the greatest so far");
      next = row.last + 1;
      time = row.time;
    }
    assert.equal(next - 1, partition === 0 ? 60 : 120);
  }
  const numbers = commits.flatMap(({ numbered }) =>
    numbered.map(({ partition, sequence }) => `${partition}/${sequence}`),
  );
  assert.equal(new Set(numbers).size, 180, "every event has a number of its own");
});

test("R13: transactions that lock the same heads in any order, some of them new, never wait in a circle", async (t) => {
  const { url, schema } = await testDatabase(t, { migrations: FOLDERS });
  const lostRaces: string[] = [];
  const store = postgresStore({
    url,
    schema,
    applicationName: "test",
    maxConnections: 8,
    onRerun: (_name, sqlState) => void lostRaces.push(sqlState),
  });
  t.after(() => store.close());
  // Each transaction meets a partition that few have met before it, as the relay's door has sorted them.
  const partitionsOf = (n: number) => [
    ...new Set([n % 7, (n * 3) % 11, 11 + Math.floor(n / 4), (n * 5) % 13]),
  ];
  const append = (n: number) => {
    const runs = partitionsOf(n).map((partition) => runOf(partition));
    return appendStatement(runs.sort(byTopicAndPartition), 1_700_000_000_000, undefined);
  };
  await Promise.all(
    Array.from({ length: 120 }, (_, n) => store.transaction("append", (tx) => tx.commit([append(n)]))),
  );
  assert.deepEqual(lostRaces, []);
  const rows = Array.from({ length: 120 }, (_, n) => partitionsOf(n).length).reduce(
    (sum, runs) => sum + runs,
    0,
  );
  assert.equal((await outbox(store)).length, rows);
});

function runOf(partition: number): PlannedRun {
  const { key, event } = placed(1);
  const bodies = [JSON.stringify(event)];
  return { topic: "t", partition, places: [0], events: [event], keys: [key], bodies, versions: [1] };
}

test("R3: runs of heads that are there and of heads that are not are numbered by one statement", async (t) => {
  const store = await database(t);
  const append = async (nowMs: number, ...runs: readonly PlannedRun[]) => {
    const planned = runs.toSorted(byTopicAndPartition);
    const [rows = []] = await store.transaction("append", (tx) =>
      tx.commit([appendStatement(planned, nowMs, undefined)]),
    );
    return numberRuns(planned, rows, undefined).map(
      ({ partition, epoch, firstSequence, lastSequence, timeMs }) => [
        partition,
        epoch,
        firstSequence,
        lastSequence,
        timeMs,
      ],
    );
  };
  const two = (partition: number): PlannedRun => {
    const run = runOf(partition);
    return { ...run, keys: ["a", null], bodies: [`{"n":1}`, `{"n":2}`], versions: [1, 2] };
  };
  assert.deepEqual(await append(50, runOf(1), two(3)), [
    [1, 1, 1, 1, 50],
    [3, 1, 1, 2, 50],
  ]);
  await store.transaction("epoch", (tx) =>
    tx.commit([sql`UPDATE outbox_head SET epoch = 4, last_time = 70 WHERE partition = 3`]),
  );
  assert.deepEqual(await append(60, runOf(0), two(1), runOf(2), two(3)), [
    [0, 1, 1, 1, 60],
    [1, 1, 2, 3, 60],
    [2, 1, 1, 1, 60],
    [3, 4, 3, 4, 70],
  ]);
  const [row] = await store.query(
    sql`SELECT keys, bodies, versions, traceparent FROM outbox WHERE partition = 3 AND epoch = 4`,
  );
  assert.deepEqual(row, {
    keys: `["a",null]`,
    bodies: `{"n":1}\n{"n":2}`,
    versions: "1,2",
    traceparent: null,
  });
});

test("R3: a transaction that fails leaves no number behind", async (t) => {
  const store = await database(t);
  const delivery = door(store, () => 1_700_000_000_000);
  await commit(delivery, placed(1));
  const failing = delivery.commit("test", async () => ({
    statements: [{ text: "SELECT 1 / $1::int", values: [0] }],
    events: [placed(2)],
    result: undefined,
  }));
  await assert.rejects(failing, { code: "statement_failed", sqlState: "22012" });
  const { numbered } = await commit(delivery, placed(3));
  assert.equal(numbered[0]?.sequence, 2);
});

test("R3: the unit reads, writes and numbers in one transaction", async (t) => {
  const store = await database(t);
  const handed: Run[] = [];
  const delivery = door(store, () => 1_700_000_000_000, handed);
  const { result, numbered } = await delivery.commit("test", async (unit) => {
    const [rows] = await unit.run([sql`SELECT ${unit.nowMs}::int8 + 1 AS next`]);
    return { statements: [], events: [placed(1), placed(2, 1)], result: rows?.[0]?.next };
  });
  assert.equal(result, 1_700_000_000_001n);
  assert.deepEqual(
    numbered.map(({ epoch, partition, sequence }) => [epoch, partition, sequence]),
    [
      [1, 0, 1],
      [1, 1, 1],
    ],
  );
  assert.deepEqual(
    handed.map(({ topic, partition, bodies }) => [topic, partition, bodies.length]),
    [
      [commands.name, 0, 1],
      [commands.name, 1, 1],
    ],
  );
});

function advance(partition: number, from: number, to: number): Advance {
  const mark = {
    topic: "t",
    partition,
    producer: "order",
    epoch: 1,
    sequence: to,
    nextOffset: BigInt(to),
    topicId: "id",
  };
  return { from: from === 0 ? undefined : { epoch: 1, sequence: from }, to: mark };
}

test("R5: marks move by compare-and-set, and one that has moved fails the whole transaction", async (t) => {
  const store = await database(t);
  await store.transaction("table", (tx) => tx.commit([sql`CREATE TABLE effects (n int)`]));
  const apply = (effect: number, ...advances: Advance[]) =>
    store.transaction("apply", (tx) =>
      tx.commit([advanceStatement("s", advances), sql`INSERT INTO effects VALUES (${effect})`]),
    );
  await apply(1, advance(1, 0, 5), advance(0, 0, 2));
  await apply(2, advance(0, 2, 3));
  const moved = (failing: Promise<unknown>) => assert.rejects(failing, isOutOfDate);
  await moved(apply(3, advance(0, 2, 4)));
  await moved(apply(4, advance(0, 0, 4)));
  await moved(apply(5, advance(0, 3, 4), advance(1, 4, 6)));
  await moved(apply(6, advance(2, 7, 8)));
  assert.deepEqual(
    (await readMarks(store, "s")).map(({ partition, sequence, nextOffset }) => [
      partition,
      sequence,
      nextOffset,
    ]),
    [
      [0, 3, 3n],
      [1, 5, 5n],
    ],
  );
  assert.deepEqual(
    (await store.query(sql`SELECT n FROM effects ORDER BY n`)).map(({ n }) => n),
    [1, 2],
  );
  assert.deepEqual(await readMarks(store, "another"), []);
});

test("rows that have moved fail the transaction, and asking costs no call where none has", async (t) => {
  const store = await database(t);
  const ask = (expected: number): Statement =>
    sql`SELECT rows_written(count(*), ${expected}::bigint, 'heads') FROM outbox_head`;
  const moved = store.transaction("ask", (tx) => tx.commit([ask(3)]));
  await assert.rejects(
    moved,
    (error) => isRowsMoved(error) && /0 of 3 heads are as they were known/.test(String(error)),
  );
  assert.equal((await store.transaction("ask", (tx) => tx.commit([ask(0)])))[0]?.length, 1);
  const plan = await store.query({ ...ask(0), text: `EXPLAIN VERBOSE ${ask(0).text}` });
  assert.match(JSON.stringify(plan.map((row) => row["QUERY PLAN"])), /CASE WHEN \(count\(\*\) <> /);
});

test("R5: of two transactions that advance one mark at once, one is let through", async (t) => {
  const store = await database(t);
  for (const from of [0, 1]) {
    const race = await Promise.allSettled(
      Array.from({ length: 6 }, () =>
        store.transaction("apply", async (tx) => {
          await tx.run([UNHURRIED, advanceStatement("s", [advance(0, from, from + 1)])]);
          await tx.commit();
        }),
      ),
    );
    assert.equal(race.filter(({ status }) => status === "fulfilled").length, 1);
    for (const outcome of race) if (outcome.status === "rejected") assert.ok(isOutOfDate(outcome.reason));
  }
});

async function days(store: Store): Promise<readonly string[]> {
  const rows = await store.query(sql`
    SELECT c.relname::text AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'outbox'::regclass ORDER BY 1`);
  return rows.map(({ name }) => String(name));
}

test("R4: an outbox is read by thousands of small rows, and by few large ones", async (t) => {
  const store = await database(t);
  const delivery = door(store, () => 1_700_000_000_000);
  for (const events of [1, 1, 1, 300, 1, 300, 1])
    await commit(delivery, ...Array.from({ length: events }, (_, n) => placed(n)));
  const firstRead = async (afterSequence: number): Promise<readonly number[]> => {
    const at = { topic: commands.name, partition: 0, epoch: 1, afterSequence };
    const rows = await store.query(readRunsStatement({ ...at, rows: 4, records: 100 }));
    return runsOf(commands.name, 0, rows).map(({ firstSequence }) => firstSequence);
  };
  assert.deepEqual(await firstRead(0), [1, 2, 3, 4], "as many rows as may be");
  assert.deepEqual(await firstRead(3), [4], "the last may be longer than what is read");
  assert.deepEqual(await firstRead(100), [4], "the rest of one");
  assert.deepEqual(await firstRead(250), [4, 304, 305]);
  assert.deepEqual(await firstRead(605), []);
});

test("R4: the outbox goes by whole days, when they are over and all of it is sent", async (t) => {
  const store = await database(t);
  const roll = (nowMs: number, dropBeforeMs: number) =>
    store.transaction("roll", (tx) => tx.commit([{ text: OUTBOX_ROLL, values: [nowMs, dropBeforeMs] }]));
  const sent = (sequence: number) =>
    store.transaction("sent", (tx) =>
      tx.commit([sql`SELECT outbox_mark_sent(${commands.name}, '{0}', '{1}', ${`{${sequence}}`}, 'id')`]),
    );
  const today = 20_000 * DAY_MS + 5;
  await roll(today, 0);
  assert.deepEqual(await days(store), ["outbox_d20000", "outbox_d20001", "outbox_default"]);
  let clock = today;
  const delivery = door(store, () => clock);
  await commit(delivery, placed(1), placed(2));
  clock += DAY_MS;
  await commit(delivery, placed(3));
  await roll(clock, 0);
  const drop = 20_001 * DAY_MS;
  await sent(1);
  await roll(clock, drop);
  assert.ok((await days(store)).includes("outbox_d20000"), "not while a row of it is not sent");
  await sent(2);
  await roll(clock, drop - 1);
  assert.ok((await days(store)).includes("outbox_d20000"), "not while the day is not over");
  await roll(clock, drop);
  assert.deepEqual(await days(store), ["outbox_d20001", "outbox_d20002", "outbox_default"]);
  assert.deepEqual(
    (await outbox(store)).map(({ first }) => first),
    [3],
  );
  await Promise.all(Array.from({ length: 4 }, () => roll(clock + DAY_MS, 0)));
});

test("R4: a day without rows goes once it is over for a day, also where all events are kept for ever", async (t) => {
  const store = await database(t);
  let clock = 20_000 * DAY_MS;
  const rollDaily = async (times: number): Promise<void> => {
    for (let day = 0; day < times; day++, clock += DAY_MS)
      await store.transaction("roll", (tx) => tx.commit([{ text: OUTBOX_ROLL, values: [clock, 0] }]));
  };
  await rollDaily(2);
  clock -= DAY_MS;
  await commit(
    door(store, () => clock),
    placed(1),
  );
  await rollDaily(30);
  const kept = ["outbox_d20001", "outbox_d20029", "outbox_d20030", "outbox_d20031", "outbox_default"];
  assert.deepEqual(await days(store), kept);
  assert.equal((await outbox(store)).length, 1);
});

test("R4: whether a day is sent is known without reading its rows", async (t) => {
  const store = await database(t);
  const rolled = { text: OUTBOX_ROLL, values: [20_000 * DAY_MS, 0] };
  await store.transaction("roll", (tx) => tx.commit([rolled]));
  const runs = 5_000;
  // In pieces: on a busy machine all at once may take longer than a statement may.
  for (const partition of [0, 1, 2, 3])
    await store.transaction("fill", (tx) =>
      tx.commit([
        sql`INSERT INTO outbox (topic, partition, epoch, first_sequence, last_sequence, time_ms, keys, bodies, versions)
        SELECT ${commands.name}, ${partition}::int, 1, n, n, ${20_000 * DAY_MS}::bigint, '[]', '', '1'
        FROM generate_series(1, ${runs}::bigint) AS r (n)`,
      ]),
    );
  await store.transaction("heads", (tx) =>
    tx.commit([
      sql`INSERT INTO outbox_head (topic, partition, epoch, next, last_time)
        SELECT ${commands.name}, p, 1, ${runs + 1}::bigint, 0 FROM generate_series(0, 3) AS s (p)`,
      sql`SELECT outbox_mark_sent(concat_ws(E'\\x1e', t, t, t, t), '{0,1,2,3}', '{1,1,1,1}',
        ${`{${runs},${runs},${runs},${runs - 1}}`}, concat_ws(E'\\x1e', t, t, t, t)) FROM (SELECT ${commands.name}::text) AS n (t)`,
    ]),
  );
  const look = () =>
    store.transaction("look", async (tx) => {
      const [, [answer] = []] = await tx.run([
        UNHURRIED,
        sql`SELECT outbox_unsent('outbox_d20000') AS unsent`,
      ]);
      const [[read] = []] = await tx.run([
        sql`SELECT seq_tup_read + idx_tup_fetch AS rows FROM pg_stat_xact_user_tables WHERE relname = 'outbox_d20000'`,
      ]);
      assert.ok(Number(read?.rows) <= 1, `${read?.rows} rows are read`);
      return answer?.unsent;
    });
  assert.equal(await look(), true);
  await store.transaction("sent", (tx) =>
    tx.commit([sql`SELECT outbox_mark_sent(${commands.name}, '{3}', '{1}', ${`{${runs}}`}, 'id')`]),
  );
  assert.equal(await look(), false);
  await store.transaction("roll", (tx) =>
    tx.commit([{ text: OUTBOX_ROLL, values: [20_001 * DAY_MS, 20_001 * DAY_MS] }]),
  );
  assert.deepEqual(await days(store), ["outbox_d20001", "outbox_d20002", "outbox_default"]);
});

test("R4: a day that came before its partition stays in the default one, and nothing fails", async (t) => {
  const store = await database(t);
  const now = 20_000 * DAY_MS;
  await commit(
    door(store, () => now),
    placed(1),
  );
  await store.transaction("roll", (tx) => tx.commit([{ text: OUTBOX_ROLL, values: [now, 0] }]));
  assert.deepEqual(await days(store), ["outbox_d20001", "outbox_default"]);
  await commit(
    door(store, () => now + 1),
    placed(2),
  );
  assert.equal((await outbox(store)).length, 2);
});

test("R4: what is in the default partition goes when its day is over and it is sent", async (t) => {
  const store = await database(t);
  const roll = (dropBeforeMs: number) =>
    store.transaction("roll", (tx) =>
      tx.commit([{ text: OUTBOX_ROLL, values: [20_040 * DAY_MS, dropBeforeMs] }]),
    );
  const left = async () => (await outbox(store)).map(({ first }) => first);
  let clock = 20_000 * DAY_MS;
  const delivery = door(store, () => clock);
  await commit(delivery, placed(1));
  await commit(delivery, placed(2));
  clock += DAY_MS;
  await commit(delivery, placed(3));
  const next = 20_001 * DAY_MS;
  await roll(next);
  assert.deepEqual(await left(), [1, 2, 3], "not while it is not sent");
  await store.transaction("sent", (tx) =>
    tx.commit([sql`SELECT outbox_mark_sent(${commands.name}, '{0}', '{1}', '{1}', 'id')`]),
  );
  await roll(next - 1);
  assert.deepEqual(await left(), [1, 2, 3], "not while the day is not over");
  await roll(next);
  assert.deepEqual(await left(), [2, 3]);
  await store.transaction("sent", (tx) =>
    tx.commit([sql`SELECT outbox_mark_sent(${commands.name}, '{0}', '{1}', '{3}', 'id')`]),
  );
  await roll(next);
  assert.deepEqual(await left(), [3]);
});

test("R4: the sent mark never goes back, unless the topic was made anew", async (t) => {
  const store = await database(t);
  const sent = async (sequence: number, topicId: string): Promise<unknown> => {
    const text = "SELECT outbox_mark_sent($1, '{0}', '{1}', $2, $3)";
    await store.transaction("sent", (tx) => tx.commit([{ text, values: ["t", `{${sequence}}`, topicId] }]));
    return (await store.query(sql`SELECT sequence FROM outbox_sent`))[0]?.sequence;
  };
  assert.equal(await sent(5, "a"), 5n);
  assert.equal(await sent(3, "a"), 5n);
  assert.equal(await sent(2, "b"), 2n);
});

test("R4: a sent mark says where its record is, but for one of an earlier version", async (t) => {
  const store = await database(t);
  const sent = async (sequence: number, ...ends: readonly string[]): Promise<unknown> => {
    const values = ["t", "{0}", "{1}", `{${sequence}}`, "a", ...ends];
    const parameters = values.map((_, index) => `$${index + 1}`).join(", ");
    const text = `SELECT outbox_mark_sent(${parameters})`;
    await store.transaction("sent", (tx) => tx.commit([{ text, values }]));
    return (await readSent(store)).get("t/0")?.end;
  };
  assert.equal(await sent(5, "{7}", "{0}"), 7n);
  assert.equal(await sent(3, "{9}", "{0}"), 7n);
  assert.equal(await sent(6), null);
  assert.equal(await sent(8, "{6}", "{0}"), 6n, "the log may have become shorter since");
  assert.equal(await sent(9, "{7}"), 7n);
});

test("R4: once a loss is noted only who has heard of it moves the mark, and one notes it", async (t) => {
  const store = await database(t);
  const mark = async (): Promise<readonly unknown[]> => {
    const { epoch, sequence, topicId, end, losses } = (await readSent(store)).get("t/0") ?? assert.fail();
    return [epoch, sequence, topicId, end, losses];
  };
  const sent = async (sequence: number, losses: number, id = "a"): Promise<readonly unknown[]> => {
    const values = ["t", "{0}", "{1}", `{${sequence}}`, id, `{${sequence}}`, `{${losses}}`];
    await store.transaction("sent", (tx) => tx.commit([{ text: MARK_SENT, values }]));
    return await mark();
  };
  const noted = async (sequence: number, losses: number): Promise<number | undefined> => {
    const values = ["t", 0, 1, sequence, "a", BigInt(sequence + 1), losses];
    const [rows] = await store.transaction("lost", (tx) => tx.commit([{ text: NOTE_LOSS, values }]));
    return rows?.length;
  };
  assert.deepEqual(await sent(5, 0), [1, 5, "a", 5n, 0]);
  assert.equal(await noted(2, 1), 1);
  assert.equal(await noted(3, 1), 0, "another instance has");
  assert.deepEqual(await mark(), [1, 2, "a", 3n, 1]);
  assert.deepEqual(await sent(9, 0), [1, 2, "a", 3n, 1]);
  assert.deepEqual(await sent(9, 0, "b"), [1, 2, "a", 3n, 1]);
  assert.deepEqual(await sent(4, 1), [1, 4, "a", 4n, 1]);
});
