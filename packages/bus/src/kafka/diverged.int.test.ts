import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { LogChangedError } from "../bus-error.ts";
import { kafkaSkip, privateKafka } from "../kafka-server/test-kafka.ts";
import type { OutgoingRecord, SentBatch } from "../port.ts";
import { kafkaBus } from "./kafka-bus.ts";

const skip = (await kafkaSkip(process.env, "own")) ?? false;
const at = { topic: "commands", partition: 0 };
const record = (value: string): OutgoingRecord => ({ key: null, value, headers: {}, timestampMs: 1 });

test("a log that lost its end, and was filled as far again by others, is known from one that did not", {
  skip,
  timeout: 300_000,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "diverged-"));
  const kafka = await privateKafka(process.env, { folder });
  const bus = kafkaBus({ bootstrapServers: kafka.bootstrapServers, clientId: "test" });
  t.after(async () => {
    await bus.close();
    await kafka.remove();
    rmSync(folder, { recursive: true, force: true });
  });
  await bus.ensureTopics([{ name: at.topic, partitions: 1, retentionMs: -1 }]);
  const send = async (...texts: readonly string[]): Promise<void> => {
    await bus.send([{ ...at, records: texts.map(record) }]);
  };
  // It asks for more once it has handed out what it has: until then it hears of nothing.
  const reader = await bus.read({ ...at, from: "earliest", bufferRecords: 1 });
  const take = async (count: number): Promise<readonly string[]> => {
    const taken: string[] = [];
    while (taken.length < count)
      taken.push(...(await reader.take(count - taken.length)).map(({ value }) => value));
    return taken;
  };
  await send("1", "2", "3");
  const logs = join(folder, "data", `${at.topic}-${at.partition}`);
  const copy = join(folder, "earlier");
  await kafka.stop();
  cpSync(logs, copy, { recursive: true });
  await kafka.restart();
  await send("4", "5");
  assert.deepEqual(await take(4), ["1", "2", "3", "4"]);
  const sendAsKnown = (lineage: string | null): Promise<readonly SentBatch[]> =>
    bus.send([{ ...at, records: [record("mine")], behind: 5n, lineage }]);
  const known = await sendAsKnown(null).catch((error: unknown) => error);
  assert.ok(known instanceof LogChangedError, String(known));

  // It is filled before the reader asks again, and before the sender does.
  await kafka.stop();
  rmSync(logs, { recursive: true });
  cpSync(copy, logs, { recursive: true });
  await kafka.restart();
  await send("a", "b", "c");
  const changed = await sendAsKnown(known.lineage).catch((error: unknown) => error);
  assert.ok(changed instanceof LogChangedError, String(changed));
  assert.notEqual(changed.lineage, known.lineage);
  assert.equal((await bus.offsets(at.topic))[0]?.latest, 6n, "nothing was appended");
  assert.deepEqual(await take(1), ["5"]);
  assert.deepEqual(await take(6), ["1", "2", "3", "a", "b", "c"], "from the beginning");
  await send("d");
  assert.deepEqual(await take(1), ["d"], "and on from there, once");
});
