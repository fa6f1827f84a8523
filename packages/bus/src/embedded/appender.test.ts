import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { OutgoingBatch } from "../port.ts";
import { appender } from "./appender.ts";
import { EventLog } from "./event-log.ts";
import { NODE_DISK } from "./log-disk.ts";

const batch = (value: string, isKept?: boolean): OutgoingBatch => ({
  topic: "t",
  partition: 0,
  records: [{ key: null, value, headers: {}, timestampMs: 0 }],
  ...(isKept === undefined ? {} : { isKept }),
});

test("an append waits for the disk unless the senders of all of it keep it", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "bourse-appender-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  let diskSyncs = 0;
  const sync = (file: number): void => {
    diskSyncs++;
    NODE_DISK.sync(file);
  };
  const log = new EventLog({ folder, recentBytes: 1_000_000, disk: { ...NODE_DISK, sync } });
  log.createTopic({ name: "t", partitions: 1, retentionMs: -1 });
  const before = diskSyncs;
  const { send } = appender(log);
  await Promise.all([send([batch("1", true)]), send([batch("2", true)])]);
  assert.equal(log.syncs, 0);
  await Promise.all([send([batch("3", true)]), send([batch("4")])]);
  assert.equal(log.syncs, 1, "what nobody else has takes the others along");
  await send([batch("5", true)]);
  await send([batch("6", false)]);
  assert.equal(log.syncs, 2);
  assert.equal(diskSyncs - before, 2);
  log.close();
  const again = new EventLog({ folder, recentBytes: 1_000_000 });
  const at = again.partition({ topic: "t", partition: 0 });
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5].map((offset) => {
      const run = again.runAt(at, offset);
      return run?.records[offset - run.base]?.value;
    }),
    ["1", "2", "3", "4", "5", "6"],
  );
  again.close();
});
