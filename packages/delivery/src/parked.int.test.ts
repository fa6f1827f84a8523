import assert from "node:assert/strict";
import { test } from "node:test";
import { InvariantError, seededRandom } from "@bourse/base";
import type { OutgoingRecord } from "@bourse/bus";
import { sql } from "@bourse/store";
import { RecordRefused } from "./failure-policy.ts";
import { auditSequences } from "./sequence-audit.ts";
import { busWith } from "./testing/bus-with.ts";
import { commands, everything, numbered } from "./testing/fixtures.ts";
import { machineTimer } from "./testing/machine-time.ts";
import {
  given,
  type Instance,
  instance,
  type Judge,
  letters,
  markOf,
  nOf,
  send,
  settledOf,
  until,
} from "./testing/settling.ts";

test("R12: one in a hundred is poison of every kind, and processes die: each good one once, each bad one parked", async (t) => {
  const seed = Number(process.env.BOURSE_SEED ?? Math.floor(Math.random() * 2 ** 31));
  t.diagnostic(`BOURSE_SEED=${seed}`);
  const random = seededRandom(seed);
  const all = await given(t);
  const COUNT = 3_000;
  const FAULTS = 100;
  const kinds: ((record: OutgoingRecord, n: number) => OutgoingRecord)[] = [
    (record) => ({ ...record, value: "\u0000 no JSON \ud7ff" }),
    (record) => ({ ...record, value: '{"eventType":"OrderPlaced","timestamp":"t","n":"much"}' }),
    (record) => ({ ...record, headers: { ...record.headers, producer: "wallet" } }),
    // What the handler fails on, what PostgreSQL refuses, what a rule refuses by throwing, and by parking.
    (record, n) => ({ ...record, value: record.value.replace(`"n":${n}`, `"n":${100_000 + n}`) }),
    (record, n) => ({ ...record, value: record.value.replace(`"n":${n}`, `"n":${n * 1_000 + 999}`) }),
    (record, n) => ({ ...record, value: record.value.replace(`"n":${n}`, `"n":${200_000_000 + n}`) }),
    (record, n) => ({ ...record, value: record.value.replace(`"n":${n}`, `"n":${300_000_000 + n}`) }),
  ];
  const CODES = [
    "undecodable_record",
    "schema_violated",
    "not_its_writer",
    "retries_exhausted",
    "retries_exhausted",
    "refused_by_throw",
    "refused_by_park",
  ];
  const good: number[][] = [[], []];
  const bad = new Map<string, string>();
  for (const partition of [0, 1]) {
    const records: OutgoingRecord[] = [];
    for (let n = 1; n <= COUNT; n++) {
      const record = numbered(commands, partition, n);
      const kind = random.below(100) === 0 ? random.below(kinds.length) : null;
      const place = `${partition}/${records.length}`;
      if (kind === null) {
        records.push(record);
        good[partition]?.push(n);
        continue;
      }
      bad.set(place, CODES[kind] ?? "");
      records.push(kinds[kind]?.(record, n) ?? record);
      // One of a writer that is none has no number: order's own follows.
      if (CODES[kind] !== "not_its_writer") continue;
      records.push(record);
      good[partition]?.push(n);
    }
    // n % 1000 = 999 breaks the table's rule, so what is meant to be good must not.
    await send(all.bus, partition, records);
  }
  const isNines = (n: number): boolean => n % 1_000 === 999;
  const judge: Judge = (envelope, unit) => {
    const n = nOf(envelope);
    if (n > 300_000_000) unit.park(envelope, { code: "refused_by_park", message: "so the rule says" });
    else if (n > 200_000_000) throw new RecordRefused("refused_by_throw", "so the rule says");
    else if (n > 100_000 && !isNines(n)) throw new InvariantError("n is small");
  };
  const how = { policy: "skip", failure: { attempts: 2, parkedPerMinute: 1_000 }, judge } as const;
  const running: Instance[] = [await instance(t, all, how), await instance(t, all, how)];
  const expectedGood = good.map((ns) => ns.filter((n) => !isNines(n)));
  const nines = good.flat().filter(isNines).length;
  const isDone = async (): Promise<boolean> =>
    (await markOf(all.store, 0)) === COUNT && (await markOf(all.store, 1)) === COUNT;
  // On a machine where a unit takes longer than the next fault is away, faults without an end would leave no way through.
  for (let faults = 0; faults < FAULTS && !(await isDone()); faults++) {
    await machineTimer.sleep(random.below(30) + 10);
    const victim = running[random.below(2)];
    if (random.below(3) > 0) victim?.proxy.atNextTrip(random.below(2) === 0 ? "before" : "after");
    else {
      const at = running.indexOf(victim as Instance);
      await victim?.end();
      running[at] = await instance(t, all, how);
    }
  }
  await until(isDone);
  for (const partition of [0, 1])
    assert.deepEqual(
      (await settledOf(all.store, partition)).sort((a, b) => a - b),
      expectedGood[partition],
    );
  const rows = await all.store.query(
    sql`SELECT partition, record_offset, code, sequence FROM parked ORDER BY partition, place`,
  );
  assert.equal(rows.length, bad.size + nines);
  for (const row of rows) {
    const expected = bad.get(`${row.partition}/${row.record_offset}`) ?? "retries_exhausted";
    assert.equal(row.code, expected);
  }
  await Promise.all(running.map((each) => each.end()));
  const last = await instance(t, all, how);
  await until(() => last.runtime.unready().length === 0);
  await until(async () => (await auditSequences(all.bus, letters)).last.get("wallet/0") === rows.length);
  const { violations } = await auditSequences(all.bus, letters);
  assert.deepEqual(violations, []);
  const copies = new Set(
    (await everything(all.bus, letters, 0)).map(({ headers }) => headers["dead-letter-id"]),
  );
  assert.equal(copies.size, rows.length, "each has its copy");
  await last.end();
});

test("R12: bytes that are no text, headers and errors with NUL come through the tables as they were", async (t) => {
  const all = await given(t);
  const bytes = Buffer.from([0xff, 0, 0x1e, 0x22, 0x5c, 0x80]);
  const [one] = [numbered(commands, 0, 1)];
  // A bus that gives bytes as Kafka's adapter does.
  const on = busWith(all.bus, {
    consume: async (options) => {
      const consumer = await all.bus.consume(options);
      const take = consumer.take.bind(consumer);
      return Object.assign(consumer, {
        take: async (max: number) =>
          (await take(max)).map((record) =>
            record.offset === 0n ? { ...record, value: bytes.toString(), rawValue: bytes } : record,
          ),
      });
    },
  });
  const headers = { ...one.headers, note: 'a\0b\u001e"\\' };
  await send(all.bus, 0, [{ ...one, key: 'k"\\\0', headers }, numbered(commands, 0, 2)]);
  const judge: Judge = () => {
    throw new RecordRefused("has_nul", "NUL \0 and \ud800 half a pair");
  };
  const { desk, end } = await instance(t, all, { policy: "parkKey", judge, on });
  await until(async () => (await markOf(all.store)) === 2);
  const [first, second] = await desk.list({}, null, 10);
  const detail = await desk.show(first?.id ?? "");
  assert.equal(detail?.encoding, "base64");
  assert.deepEqual(Buffer.from(detail?.value ?? "", "base64"), bytes);
  assert.deepEqual(detail?.headers, headers);
  assert.deepEqual([first?.key, first?.queue], ['k"\\\0', 'k"\\\0']);
  assert.equal(second?.message, "NUL \u2400 and \ufffd half a pair");
  await until(async () => (await all.bus.tail(letters.name, 0, 10)).length === 2);
  const [copy] = await all.bus.tail(letters.name, 0, 10);
  const event = JSON.parse(copy?.value ?? "") as { value: string; encoding: string };
  assert.deepEqual(Buffer.from(event.value, event.encoding as "base64"), bytes);
  assert.equal(copy?.headers["origin-header-note"], headers.note);
  assert.deepEqual((await desk.list({ key: 'k"\\\0' }, null, 10)).length, 1);
  await end();
});
