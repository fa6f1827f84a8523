import assert from "node:assert/strict";
import { test } from "node:test";
import type { BusRecord, EventBus } from "@bourse/bus";
import { sql } from "@bourse/store";
import { busRecordOf } from "./parked-queries.ts";
import { commands, numbered } from "./testing/fixtures.ts";
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
function asForeign(bus: EventBus): EventBus {
  const consume: EventBus["consume"] = async (options) => {
    const consumer = await bus.consume(options);
    const take = async (maxRecords: number): Promise<readonly BusRecord[]> =>
      (await consumer.take(maxRecords)).map((record) => ({ ...record, ...FOREIGN, read: undefined }));
    return new Proxy(consumer, {
      get: (target, property) => {
        if (property === "take") return take;
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  };
  return new Proxy(bus, {
    get: (target, property) => {
      if (property === "consume") return consume;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

test("R12: what is parked, copied and redriven has the bytes of the log, also where they are no text", async (t) => {
  const all = await given(t);
  let isMended = false;
  const { desk, end } = await instance(t, all, {
    on: asForeign(all.bus),
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
