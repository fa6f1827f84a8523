import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import {
  type BinaryEngine,
  CommandWords,
  createBinaryEngine,
  createEngine,
  type EventRing,
} from "@bourse/engine";
import { applyCommand, randomCommands, silentSink } from "@bourse/engine/testing";
import { EngineJournal, type EngineJournalOptions } from "./engine-journal.ts";
import { NODE_DISK } from "./journal-disk.ts";
import type { JournalError } from "./journal-error.ts";
import { runCommands } from "./replay.ts";
import { seededOrders } from "./testing/orders.ts";
import { scratchFolder } from "./testing/scratch.ts";

const ignore = (): void => {};

/** Every word of every event, in order. */
class Tape {
  readonly words: bigint[] = [];

  read = (ring: EventRing): void => {
    const integers = new BigInt64Array(ring.f64.buffer);
    for (let at = ring.first(); at !== -1; at = ring.after(at)) {
      const length = ((ring.i32[at * 2] as number) >>> 8) & 255;
      for (let word = at; word < at + length; word++) this.words.push(integers[word] as bigint);
    }
  };
}

function open(folder: string, more: Partial<EngineJournalOptions> = {}): EngineJournal {
  return EngineJournal.open({ folder, read: ignore, groupCommands: 16, ...more });
}

/** What an engine without a journal makes of the same commands. */
function plainly(words: CommandWords): { readonly engine: BinaryEngine; readonly tape: Tape } {
  const tape = new Tape();
  const engine = createBinaryEngine({
    onFull: () => assert.fail("the ring has room for one command's events"),
  });
  for (let at = 0; at < words.length; ) {
    const end = at + (((words.i32[at * 2] as number) >>> 8) & 255);
    runCommands(engine, part(words, at, end), tape.read);
    at = end;
  }
  return { engine, tape };
}

function part(words: CommandWords, from: number, to: number): CommandWords {
  const copy = new CommandWords(to - from);
  copy.i32.set(words.i32.subarray(from * 2, to * 2));
  copy.length = to - from;
  return copy;
}

const snapshots = (folder: string): string[] =>
  readdirSync(folder).filter((name) => name.endsWith(".snapshot"));

const unfinished = (folder: string): string[] => readdirSync(folder).filter((name) => name.endsWith(".tmp"));

describe("an engine with a journal", () => {
  const orders = seededOrders(11, 1_000);

  it("tells the same events as one without, and again when they are replayed", (t) => {
    const folder = scratchFolder(t);
    const [live, replayed] = [new Tape(), new Tape()];
    const { engine, tape } = plainly(orders);
    const journal = open(folder, { read: live.read });
    journal.submit(orders);
    assert.equal(journal.waiting, 1_000 % 16);
    journal.close();
    assert.deepEqual(live.words, tape.words);
    const again = open(folder, { readReplayed: replayed.read, read: () => assert.fail("nothing is new") });
    assert.deepEqual(replayed.words, tape.words);
    assert.deepEqual(again.engine.snapshot(), engine.snapshot());
    assert.equal(again.engine.stateHash(), engine.stateHash());
    assert.equal(again.recovery.replayedCommands, 1_000);
    again.close();
  });

  it("runs nothing that is not durable", (t) => {
    const tape = new Tape();
    const journal = open(scratchFolder(t), { read: tape.read });
    assert.equal(journal.submit(orders, 0, 5), 0);
    assert.equal(journal.waiting, 1);
    assert.deepEqual(tape.words, []);
    assert.equal(journal.flush(), 1);
    assert.ok(tape.words.length > 0);
    journal.close();
  });

  it("reads its events while commands run, when the ring is full", (t) => {
    const tape = new Tape();
    const folder = scratchFolder(t);
    const journal = open(folder, { read: tape.read, ringWords: 64, groupCommands: 500 });
    journal.submit(orders);
    journal.close();
    const replayed = new Tape();
    open(folder, { readReplayed: replayed.read, ringWords: 64 }).close();
    assert.deepEqual(tape.words, plainly(orders).tape.words);
    assert.deepEqual(replayed.words, tape.words);
  });

  it("takes none of what is not whole commands", (t) => {
    const journal = open(scratchFolder(t));
    assert.throws(() => journal.submit(orders, 0, 6), /commands are whole/);
    assert.throws(() => journal.submit(orders, 1, 5), /commands are whole/);
    assert.equal(journal.waiting, 0);
    journal.close();
  });

  it("acknowledges nothing, and runs nothing, that the disk refused", (t) => {
    let room = 40_000;
    const tape = new Tape();
    const folder = scratchFolder(t);
    const journal = open(folder, {
      read: tape.read,
      segmentBytes: 1_024,
      disk: {
        write: (file, buffers, position) => {
          room -= buffers.reduce((sum, { length }) => sum + length, 0);
          if (room < 0) throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
          return NODE_DISK.write(file, buffers, position);
        },
        sync: NODE_DISK.sync,
      },
    });
    assert.throws(
      () => journal.submit(orders),
      (error: JournalError) => error.code === "journal_write_failed",
    );
    const { durable } = journal;
    assert.ok(durable > 0 && durable < 1_000);
    assert.throws(() => journal.flush(), /open, this one is failed/);
    assert.throws(() => journal.close(), /open, this one is failed/);
    const replayed = new Tape();
    const again = open(folder, { readReplayed: replayed.read });
    assert.equal(again.durable, durable);
    assert.deepEqual(replayed.words, tape.words);
    again.close();
  });

  it("is let go when its reader throws, and what was durable is there once", (t) => {
    const folder = scratchFolder(t);
    const journal = open(folder, {
      read: () => {
        throw new Error("EPIPE");
      },
    });
    assert.throws(() => journal.submit(orders), /EPIPE/);
    journal.close();
    assert.throws(() => journal.submit(orders), /open, this one is closed/);
    const again = open(folder);
    assert.deepEqual([again.durable, again.recovery.replayedCommands], [16, 16]);
    again.close();
  });

  it("runs what comes as objects and what comes as words by the same code", (t) => {
    const folder = scratchFolder(t);
    const journal = open(folder, { snapshotEvery: 700 });
    const objects = createEngine({ sink: silentSink() });
    // Objects become words on their way into the engine; here they are taken down.
    const run = (objects as unknown as BinaryEngine).run.bind(objects);
    Object.assign(objects, {
      run: (words: CommandWords) => {
        journal.submit(words);
        run(words);
      },
    });
    for (const command of randomCommands(3, 3_000)) applyCommand(objects, command);
    while (objects.pendingWork()) objects.work(64);
    journal.close();
    const again = open(folder);
    assert.ok(again.recovery.snapshot > 0);
    assert.equal(again.engine.stateHash(), objects.stateHash());
    assert.deepEqual(again.engine.snapshot(), objects.snapshot());
    again.close();
  });
});

describe("snapshots of a journal", () => {
  const orders = seededOrders(5, 1_000);

  it("are taken by count, three are kept, and the newest one is where a start begins", (t) => {
    const folder = scratchFolder(t);
    const journal = open(folder, { snapshotEvery: 160, segmentBytes: 8_192 });
    journal.submit(orders);
    journal.close();
    assert.equal(snapshots(folder).length, 3);
    const again = open(folder);
    assert.deepEqual(again.recovery, {
      snapshot: 960,
      replayedCommands: 40,
      tornBytes: 0,
      wasClosed: true,
      unusableSnapshots: [],
    });
    assert.deepEqual(again.engine.snapshot(), plainly(orders).engine.snapshot());
    again.close();
  });

  it("fit the journal whatever was closed, opened and begun anew behind them", (t) => {
    const folder = scratchFolder(t);
    for (let number = 1; number <= 6; number++) {
      const journal = open(folder, { segmentBytes: 2_048 });
      journal.submit(orders);
      journal.flush();
      assert.equal(journal.durable, number * 1_000);
      journal.snapshot();
      journal.close();
      const again = open(folder, { segmentBytes: 2_048 });
      assert.equal(again.recovery.snapshot, number * 1_000);
      assert.equal(again.recovery.replayedCommands, 0);
      again.close();
    }
  });

  it("that are damaged are passed over and named; without one all is replayed", (t) => {
    const folder = scratchFolder(t);
    const journal = open(folder, { snapshotEvery: 160 });
    journal.submit(orders);
    journal.close();
    const damaged: string[] = [];
    for (const [index, name] of snapshots(folder).sort().reverse().entries()) {
      const path = join(folder, name);
      const bytes = readFileSync(path);
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 4;
      writeFileSync(path, bytes);
      damaged.push(path);
      const again = open(folder);
      assert.deepEqual(
        again.recovery.unusableSnapshots,
        damaged.map((each) => ({ path: each, fault: "damaged" })),
      );
      assert.equal(again.recovery.snapshot, [800, 640, 0][index]);
      assert.deepEqual(again.engine.snapshot(), plainly(orders).engine.snapshot());
      again.close();
    }
  });

  it("of another journal, or of more than the journal has, are refused", (t) => {
    const [folder, other, shorter, parted] = [1, 2, 3, 4].map(() => scratchFolder(t)) as [
      string,
      string,
      string,
      string,
    ];
    for (const [each, seed, count, groupCommands] of [
      [folder, 5, 320, 16],
      [other, 6, 320, 16],
      [shorter, 5, 160, 16],
      [parted, 5, 400, 300],
    ] as const) {
      const journal = open(each, { groupCommands });
      journal.submit(seededOrders(seed, count));
      if (each === folder) journal.snapshot();
      journal.close();
    }
    const [name = ""] = snapshots(folder);
    for (const each of [other, shorter, parted]) {
      writeFileSync(join(each, name), readFileSync(join(folder, name)));
      assert.throws(
        () => open(each),
        (error: JournalError) => error.code === "journal_corrupt",
      );
    }
  });

  it("that can not be written are told of, and the commands are durable all the same", (t) => {
    const failures: unknown[] = [];
    let snapshotting = false;
    const folder = scratchFolder(t);
    const journal = open(folder, {
      snapshotEvery: 160,
      onSnapshotFailed: (error) => failures.push(error),
      disk: {
        write: (file, buffers, position) => {
          snapshotting = Buffer.from(buffers[0] as Uint8Array).toString("latin1", 0, 4) === "BRSP";
          if (snapshotting) throw new Error("no space left on device");
          return NODE_DISK.write(file, buffers, position);
        },
        sync: NODE_DISK.sync,
      },
    });
    assert.equal(journal.submit(orders), 992);
    journal.close();
    assert.equal(failures.length, 6);
    assert.deepEqual(snapshots(folder), []);
    assert.deepEqual(unfinished(folder), [], "a full disk is not filled further");
    open(folder).close();
  });

  it("that a crash has left half written go with the next one", (t) => {
    const folder = scratchFolder(t);
    const journal = open(folder);
    journal.submit(orders);
    journal.flush();
    writeFileSync(join(folder, `${"0".repeat(15)}1-${"a".repeat(16)}.snapshot.tmp`), "half");
    journal.snapshot();
    assert.deepEqual([snapshots(folder).length, unfinished(folder)], [1, []]);
    journal.close();
  });
});

describe("kill -9 in the midst of group commits", () => {
  it("loses nothing that was acknowledged, again and again", { timeout: 120_000 }, async (t) => {
    const seed = 1 + Math.floor(Math.random() * 1_000_000);
    t.diagnostic(`seed ${seed}`);
    const folder = scratchFolder(t);
    const count = 20_000;
    const orders = seededOrders(seed, count);
    const fixture = join(import.meta.dirname, "testing", "submit-forever.fixture.ts");
    let acknowledged = 0;
    for (const groups of [1, 40, 137]) {
      const child = spawn(process.execPath, [fixture, folder, String(seed), String(count)], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      t.after(() => child.kill("SIGKILL"));
      const exited = new Promise((resolve) => child.once("exit", resolve));
      let seen = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        // Where this process was held up meanwhile, nothing is left to submit.
        const isAll = line === "all";
        if (!isAll) acknowledged = Number(line);
        if (++seen === groups || isAll) child.kill("SIGKILL");
      }
      await exited;
      const journal = open(folder);
      const { durable, engine, recovery } = journal;
      assert.ok(
        durable >= acknowledged,
        `${durable} of ${acknowledged} acknowledged are there; seed ${seed}`,
      );
      assert.equal(recovery.wasClosed, false);
      assert.deepEqual(engine.snapshot(), plainly(prefix(orders, durable)).engine.snapshot(), `seed ${seed}`);
      journal.close();
    }
  });
});

describe("a file that the system lets grow no more", () => {
  it("stops the commits, and all that was acknowledged is there", (t) => {
    const [folder, seed] = [scratchFolder(t), 17];
    const fixture = join(import.meta.dirname, "testing", "submit-forever.fixture.ts");
    // 64 blocks of 512 bytes in some shells, of 1,024 in others; a segment would be longer than either.
    const output = execFileSync(
      "sh",
      [
        "-c",
        'ulimit -f 64; exec "$0" "$@"',
        process.execPath,
        fixture,
        folder,
        String(seed),
        "5000",
        "1000000",
      ],
      { encoding: "utf8" },
    );
    const lines = output.trim().split("\n");
    assert.equal(lines.at(-1), "journal_write_failed");
    const acknowledged = Number(lines.at(-2));
    assert.ok(acknowledged > 0 && acknowledged < 5_000);
    const journal = open(folder);
    assert.equal(journal.durable, acknowledged);
    assert.deepEqual(
      journal.engine.snapshot(),
      plainly(prefix(seededOrders(seed, 5_000), acknowledged)).engine.snapshot(),
    );
    journal.close();
  });
});

function prefix(words: CommandWords, commands: number): CommandWords {
  let at = 0;
  for (let command = 0; command < commands; command++) at += ((words.i32[at * 2] as number) >>> 8) & 255;
  return part(words, 0, at);
}
