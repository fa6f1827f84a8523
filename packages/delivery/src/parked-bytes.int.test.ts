import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { basename } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import type { BusRecord, EventBus } from "@bourse/bus";
import { migrate, postgresStore, sql, sqlArray } from "@bourse/store";
import { deliveryMigrations } from "./migrations.ts";
import { busRecordOf } from "./parked-queries.ts";
import { busWith } from "./testing/bus-with.ts";
import { commands, numbered, testFolder } from "./testing/fixtures.ts";
import { given, instance, letters, OPERATOR, send, settledOf, statuses, until } from "./testing/settling.ts";

const bytes = (...each: number[]): Uint8Array => Uint8Array.from(each);
const PLAIN = numbered(commands, 0, 1).headers;
const FOREIGN: Pick<BusRecord, "key" | "rawKey" | "headers" | "rawHeaders"> = {
  key: "\uFFFDk",
  rawKey: bytes(0xff, 0x6b),
  headers: { ...PLAIN, blob: "\uFFFD" },
  rawHeaders: [
    ...Object.entries(PLAIN).map(([name, value]) => ({
      name: Uint8Array.from(Buffer.from(name)),
      value: Uint8Array.from(Buffer.from(value)),
    })),
    { name: bytes(0x62), value: null },
    { name: bytes(0x62), value: bytes(0xfe, 0x00) },
  ],
};

/** As of a broker to which a foreign client has written: an embedded log has texts alone. */
function asForeign(bus: EventBus, foreign: (record: BusRecord) => Partial<BusRecord>): EventBus {
  const consume: EventBus["consume"] = async (options) => {
    const consumer = await bus.consume(options);
    const take = async (maxRecords: number): Promise<readonly BusRecord[]> =>
      (await consumer.take(maxRecords)).map((record) => ({ ...record, ...foreign(record), read: undefined }));
    return new Proxy(consumer, {
      get: (target, property) => {
        if (property === "take") return take;
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  };
  return busWith(bus, { consume });
}

test("R12: what is parked, copied and redriven has the bytes of the log, also where they are no text", async (t) => {
  const all = await given(t);
  let isMended = false;
  const { desk, end } = await instance(t, all, {
    on: asForeign(all.bus, () => FOREIGN),
    policy: "parkKey",
    judge: (envelope, unit) => {
      if (!isMended) unit.park(envelope, { code: "not_yet", message: "it comes later" });
    },
  });
  await send(all.bus, 0, [numbered(commands, 0, 1)]);
  await until(async () => (await statuses(all.store)).PARKED === 1);
  const [row] = await all.store.query(sql`SELECT * FROM parked ORDER BY place`);
  assert.ok(row !== undefined);
  const { key, rawKey, headers, rawHeaders } = busRecordOf(row);
  assert.deepEqual(
    { key, rawKey: Uint8Array.from(rawKey ?? []), rawHeaders },
    { key: FOREIGN.key, rawKey: FOREIGN.rawKey, rawHeaders: FOREIGN.rawHeaders },
  );
  assert.equal(headers.producer, "order");
  const shown = await desk.show("settle/test-commands/0/1");
  assert.equal(shown?.keyBase64, "/2s=");
  assert.deepEqual(shown?.headersBase64?.at(-1), { name: "Yg==", value: "/gA=" });
  await until(async () => (await all.bus.tail(letters.name, 0, 1)).length === 1);
  const [copy] = await all.bus.tail(letters.name, 0, 1);
  const { originKeyBase64, originHeadersBase64 } = JSON.parse(copy?.value ?? "");
  assert.equal(originKeyBase64, "/2s=");
  assert.deepEqual(originHeadersBase64, shown?.headersBase64);
  isMended = true;
  const command = { filter: {}, max: 10, runId: "run-1", actor: OPERATOR, requestId: "r-1" };
  assert.deepEqual(await desk.redrive(command), { applied: 1, failed: [], left: 0 });
  assert.deepEqual(await settledOf(all.store), [1]);
  await end();
});

const PLACE = (place: number): string => `settle/test-commands/0/${place}`;

test("R12: a record without a value stays one, where it is parked, shown, copied and tried again", async (t) => {
  const all = await given(t);
  const tombstone = { value: "", rawValue: null, decoded: undefined };
  const on = asForeign(all.bus, ({ offset }) => (offset === 0n ? tombstone : {}));
  const { desk, end } = await instance(t, all, { on, policy: "skip" });
  await send(all.bus, 0, [numbered(commands, 0, 1), { ...numbered(commands, 0, 2), value: "" }]);
  await until(async () => (await statuses(all.store)).PARKED === 2);
  const rows = await all.store.query(sql`SELECT record_value FROM parked ORDER BY place`);
  assert.deepEqual(
    rows.map(({ record_value: value }) => value && Buffer.from(value as Uint8Array).toString()),
    [null, ""],
  );
  const shown = [await desk.show(PLACE(1)), await desk.show(PLACE(2))];
  assert.deepEqual(
    shown.map((detail) => [detail?.value, detail?.encoding]),
    [
      [null, "utf-8"],
      ["", "utf-8"],
    ],
  );
  assert.match(shown[0]?.message ?? "", /no value/);
  await until(async () => (await all.bus.tail(letters.name, 0, 2)).length === 2);
  const copies = (await all.bus.tail(letters.name, 0, 2)).map(({ value }) => JSON.parse(value));
  assert.deepEqual(
    copies.map(({ value, valueBytes, truncated }) => ({ value, valueBytes, truncated })),
    [null, ""].map((value) => ({ value, valueBytes: 0, truncated: false })),
  );
  const command = { filter: {}, max: 10, runId: "run-1", actor: OPERATOR, requestId: "r-1" };
  const { failed } = await desk.redrive(command);
  assert.match(failed[0]?.message ?? "", /no value/);
  assert.match(failed[1]?.message ?? "", /not JSON/);
  await end();
});

test("R12: a value keeps the frame that it came in, also around bytes that are no text", async (t) => {
  const all = await given(t);
  const content = bytes(0x7b, 0xff, 0x7d);
  const on = asForeign(all.bus, ({ offset }) =>
    offset === 0n
      ? { schemaId: 0x80c3_ff01 }
      : { schemaId: 7, value: "{\uFFFD}", rawValue: content, decoded: undefined },
  );
  let isMended = false;
  const { desk, end } = await instance(t, all, {
    on,
    policy: "skip",
    judge: (envelope, unit) => {
      if (!isMended) unit.park(envelope, { code: "not_yet", message: "it comes later" });
    },
  });
  const sent = [numbered(commands, 0, 1), numbered(commands, 0, 2)] as const;
  await send(all.bus, 0, sent);
  await until(async () => (await statuses(all.store)).PARKED === 2);
  const rows = await all.store.query(sql`SELECT record_value FROM parked ORDER BY place`);
  assert.deepEqual(
    rows.map(({ record_value: value }) => Buffer.from(value as Uint8Array)),
    [
      Buffer.concat([bytes(0, 0x80, 0xc3, 0xff, 1), Buffer.from(sent[0].value)]),
      Buffer.concat([bytes(0, 0, 0, 0, 7), content]),
    ],
  );
  const expected = [
    { value: sent[0].value, encoding: "utf-8", schemaId: 0x80c3_ff01 },
    { value: "e/99", encoding: "base64", schemaId: 7 },
  ];
  const partsOf = ({ value, encoding, schemaId }: Record<string, unknown>) => ({ value, encoding, schemaId });
  const shown = [await desk.show(PLACE(1)), await desk.show(PLACE(2))];
  assert.deepEqual(
    shown.map((detail) => partsOf({ ...detail })),
    expected,
  );
  await until(async () => (await all.bus.tail(letters.name, 0, 2)).length === 2);
  const copies = (await all.bus.tail(letters.name, 0, 2)).map(({ value }) => JSON.parse(value));
  assert.deepEqual(copies.map(partsOf), expected);
  isMended = true;
  const command = { filter: {}, max: 10, runId: "run-1", actor: OPERATOR, requestId: "r-1" };
  const { applied, failed } = await desk.redrive(command);
  assert.deepEqual([applied, failed.map(({ id }) => id)], [1, [PLACE(2)]]);
  assert.deepEqual(await settledOf(all.store), [1]);
  await end();
});

test("R12: what lies parked from before there were frames and tombstones is shown and applied as it was", async (t) => {
  const old = testFolder(t);
  const isOld = (path: string): boolean => !/^00(1[5-9]|[2-9])/.test(basename(path));
  cpSync(deliveryMigrations, old, { recursive: true, filter: isOld });
  const { value, headers } = numbered(commands, 0, 1);
  const all = await given(t, async (url, schema) => {
    await migrate(url, { schema, folders: [{ prefix: "delivery", folder: pathToFileURL(old) }] });
    const store = postgresStore({ url, schema, applicationName: "before", maxConnections: 1 });
    await store.transaction("park", (tx) =>
      tx.commit([
        sql`INSERT INTO parked_heads (subscription, topic, partition, next_place)
          VALUES ('settle', ${commands.name}, 0, 3)`,
        sql`INSERT INTO parked (subscription, topic, partition, place, topic_id, record_offset, record_time_ms,
            record_value, headers, attempts, first_failed_ms, parked_ms, code, message)
          SELECT 'settle', ${commands.name}, 0, place, '', place, 0, value, ${JSON.stringify(headers)}, 1, 0, 0, 'x', ''
          FROM unnest('{1,2}'::int8[], ${sqlArray([Buffer.from(value), Buffer.alloc(0)])}::bytea[]) AS u(place, value)`,
      ]),
    );
    await store.close();
  });
  const { desk, end } = await instance(t, all, { policy: "skip" });
  const shown = [await desk.show(PLACE(1)), await desk.show(PLACE(2))];
  assert.deepEqual(
    shown.map((detail) => [detail?.value, detail?.encoding, detail?.schemaId]),
    [
      [value, "utf-8", undefined],
      ["", "utf-8", undefined],
    ],
  );
  const command = { filter: {}, max: 10, runId: "run-1", actor: OPERATOR, requestId: "r-1" };
  const { applied, failed } = await desk.redrive(command);
  assert.deepEqual([applied, failed.map(({ id }) => id)], [1, [PLACE(2)]]);
  assert.deepEqual(await settledOf(all.store), [1]);
  await end();
});
