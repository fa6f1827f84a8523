import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createSnapshotStore, KEEP, type Snapshot } from "./snapshot-store.ts";
import { testFolder, testLog } from "./testing/fixtures.ts";

function snapshot(sequence: number): Snapshot {
  return {
    head: {
      format: 1,
      inputTopic: "in",
      inputTopicId: "id",
      partition: 0,
      epoch: 1,
      sequence,
      nextOffset: String(sequence),
      timeMs: 5,
      outputs: { out: sequence * 2 },
    },
    state: new Uint8Array([0x0a, sequence, 0x0a]),
  };
}

const any = (): boolean => true;

test("R8: the newest snapshot that is accepted comes back as it was written", async (t) => {
  const store = createSnapshotStore(join(testFolder(t), "p"), "i", testLog());
  assert.equal(await store.newest(any), null);
  for (const sequence of [10, 9, 100]) await store.write(snapshot(sequence));
  assert.deepEqual(await store.newest(any), snapshot(100));
  assert.deepEqual(await store.newest(({ outputs }) => (outputs.out ?? 0) <= 20), snapshot(10));
  assert.equal(await store.newest(() => false), null);
});

test("R8: at least three are kept, and no half file is left", async (t) => {
  const folder = testFolder(t);
  const store = createSnapshotStore(folder, "i", testLog());
  for (let sequence = 1; sequence <= 6; sequence++) await store.write(snapshot(sequence));
  const names = await readdir(folder);
  assert.equal(names.length, KEEP);
  assert.ok(KEEP >= 3);
  assert.ok(
    names.every((name) => /^0{15}[456]-[0-9a-f]{16}\.snapshot$/.test(name)),
    names.join(),
  );
});

test("R8: one for the next owner alone takes no kept one's place, and goes with the next of either kind", async (t) => {
  const folder = testFolder(t);
  const store = createSnapshotStore(folder, "i", testLog());
  const left = async (): Promise<readonly string[]> =>
    (await readdir(folder)).sort().map((name) => name.replace(/^0+(\d+)-[0-9a-f]+/, "$1"));
  const forNext = ({ head, state }: Snapshot): Snapshot => ({
    head: { ...head, unsaved: { commands: 1, sinceMs: 4 } },
    state,
  });
  for (const sequence of [1, 2, 3]) await store.write(snapshot(sequence));
  for (const sequence of [4, 5]) await store.write(forNext(snapshot(sequence)));
  assert.deepEqual(await store.newest(any), forNext(snapshot(5)));
  const kept = ["1.snapshot", "2.snapshot", "3.snapshot"];
  assert.deepEqual(await left(), [...kept, "5.handover.snapshot"]);
  await store.write(snapshot(6));
  assert.deepEqual(await left(), ["2.snapshot", "3.snapshot", "6.snapshot"]);
});

test("a disk that is full is not filled with what could not be written", {
  skip: existsSync("/dev/full") ? false : "there is no /dev/full here",
}, async (t) => {
  const [elsewhere, folder] = [testFolder(t), testFolder(t)];
  await createSnapshotStore(elsewhere, "i", testLog()).write(snapshot(1));
  const [name = ""] = await readdir(elsewhere);
  await symlink("/dev/full", join(folder, `${name}.i.tmp`));
  await assert.rejects(createSnapshotStore(folder, "i", testLog()).write(snapshot(1)), /ENOSPC/);
  assert.deepEqual(await readdir(folder), []);
});

test("what a crash has left half written goes with the snapshots of its time, and nothing else does", async (t) => {
  const folder = testFolder(t);
  const half = (sequence: number): string =>
    `${String(sequence).padStart(16, "0")}-${"a".repeat(16)}.snapshot.dead.tmp`;
  for (const name of [half(1), half(9), "voided.json", ".of-others"])
    await writeFile(join(folder, name), "{}");
  const store = createSnapshotStore(folder, "i", testLog());
  for (const sequence of [4, 5, 6, 7]) await store.write(snapshot(sequence));
  const left = (await readdir(folder)).filter((name) => !name.endsWith(".snapshot"));
  assert.deepEqual(left.sort(), [".of-others", half(9), "voided.json"], "another owner may be at the newest");
});

test("a damaged snapshot is passed over", async (t) => {
  const folder = testFolder(t);
  const store = createSnapshotStore(folder, "i", testLog());
  await store.write(snapshot(1));
  await store.write(snapshot(2));
  const newest = join(folder, (await readdir(folder)).sort().at(-1) ?? "");
  const whole = await readFile(newest);
  for (let place = 0; place < whole.length; place += 7) {
    const damaged = Buffer.from(whole);
    damaged[place] = (damaged[place] ?? 0) ^ 1;
    await writeFile(newest, damaged);
    assert.equal((await store.newest(any))?.head.sequence, 1, `byte ${place}`);
  }
  for (const length of [0, 10, whole.length - 1]) {
    await writeFile(newest, whole.subarray(0, length));
    assert.equal((await store.newest(any))?.head.sequence, 1, `${length} bytes`);
  }
});
