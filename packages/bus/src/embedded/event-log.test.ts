import assert from "node:assert/strict";
import { rmSync, statSync, truncateSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { type Random, seededRandom } from "@bourse/base";
import { BusError } from "../bus-error.ts";
import type { EventLog } from "./event-log.ts";
import type { PartitionLog } from "./partition-log.ts";
import { SEGMENT_HEADER_BYTES } from "./segment-file.ts";
import {
  append,
  brokenDisk,
  folderFor,
  HOUR_MS,
  lastOf,
  leftBehind,
  open,
  overwrite,
  readAll,
} from "./segment-log.fixture.ts";

const STEPS = 400;
const ROUNDS = 3;

/** Where each partition ends. */
type Ends = Readonly<Record<string, number>>;

/** After an append that was acknowledged. */
interface Acknowledged {
  readonly ends: Ends;
  /** No loss of power takes it away. */
  readonly isSynced: boolean;
}

test("whatever happens to it, the log has what was synced, and a beginning of what came after", async (context) => {
  const seed = Number(process.env.BOURSE_SEED ?? process.hrtime.bigint() % 1_000_000n);
  const random = seededRandom(seed);
  for (let round = 0; round < ROUNDS; round++) {
    try {
      await new Story(context, random).run();
    } catch (cause) {
      throw new Error(`BOURSE_SEED=${seed}, round ${round}`, { cause });
    }
  }
});

class Story {
  readonly #context: TestContext;
  readonly #random: Random;
  readonly #disk = brokenDisk();
  #folder: string;
  #log: EventLog;
  #ms = 0;
  /** From the last that was synced on, or before. */
  #acknowledged: Acknowledged[] = [];
  /** Of an append that failed and could not be cut off: its runs may be there after a loss of power. */
  #litter: Ends | undefined;
  /** How long the last segment is known to be durable. */
  #durable = { path: "", bytes: 0 };

  constructor(context: TestContext, random: Random) {
    this.#context = context;
    this.#random = random;
    this.#folder = folderFor(context);
    this.#log = open(this.#folder, { disk: this.#disk });
    this.#acknowledge(true);
  }

  async run(): Promise<void> {
    for (let step = 0; step < STEPS; step++) {
      const dice = this.#random.below(100);
      if (dice < 65) this.#append();
      else if (dice < 75) this.#appendOnBrokenDisk();
      else if (dice < 85) await this.#expire();
      else if (dice < 88) this.#deleteTopic();
      else if (dice < 92) this.#closeAndOpen();
      else this.#losePower();
    }
    readAll(this.#log);
    this.#log.close();
    rmSync(this.#folder, { recursive: true });
  }

  #append(): void {
    const sync = this.#random.below(4) === 0;
    this.#ms += this.#random.below(HOUR_MS / 20);
    append(this.#log, this.#random.below(8) === 0 ? ["ever", "hour"] : ["hour"], { ms: this.#ms, sync });
    this.#acknowledge(sync);
  }

  #acknowledge(isSynced: boolean): void {
    this.#litter = undefined;
    this.#acknowledged.push({ ends: endsOf(this.#log), isSynced });
    if (isSynced) this.#synced();
  }

  #synced(): void {
    const path = lastOf(this.#folder);
    this.#durable = { path, bytes: statSync(path).size };
  }

  #appendOnBrokenDisk(): void {
    const disk = this.#disk;
    if (this.#random.below(3) === 0) disk.failsSync = true;
    else disk.writeBytes = this.#random.below(500);
    disk.failsTruncate = this.#random.below(3) === 0;
    try {
      this.#append();
    } catch (error) {
      assert.ok(error instanceof BusError && error.retryable, String(error));
      const ends = Object.entries(endsOf(this.#log)).map(([name, end]) => [name, end + 2] as const);
      if (disk.failsTruncate) this.#litter = Object.fromEntries(ends);
    }
    disk.failsSync = false;
    disk.failsTruncate = false;
    disk.writeBytes = Number.POSITIVE_INFINITY;
  }

  async #expire(): Promise<void> {
    this.#log.dropExpired((retentionMs) => this.#ms - retentionMs);
    const reclaiming = this.#log.reclaim();
    if (this.#random.below(2) === 0) this.#append();
    if (this.#random.below(4) === 0) this.#log.stopReclaiming();
    await reclaiming;
    // Where a partition begins is durable.
    const earliest = Object.fromEntries(partitionsOf(this.#log).map(({ name, log }) => [name, log.earliest]));
    this.#amend((name, end) => Math.max(end, earliest[name] ?? 0));
  }

  #amend(endOf: (name: string, end: number) => number): void {
    this.#acknowledged = this.#acknowledged.map(({ ends, isSynced }) => ({
      ends: Object.fromEntries(Object.entries(ends).map(([name, end]) => [name, endOf(name, end)])),
      isSynced,
    }));
  }

  #deleteTopic(): void {
    this.#log.deleteTopic("hour");
    this.#log.createTopic({ name: "hour", partitions: 2, retentionMs: HOUR_MS });
    this.#amend((name, end) => (name.startsWith("hour") ? 0 : end));
  }

  #closeAndOpen(): void {
    const before = readAll(this.#log);
    this.#log.close();
    this.#log = open(this.#folder, { disk: this.#disk });
    assert.deepEqual(readAll(this.#log), before);
    this.#acknowledged = [];
    this.#acknowledge(true);
  }

  /** What was never synced is gone from some byte on; there may be something else. */
  #losePower(): void {
    const folder = leftBehind(this.#context, this.#folder);
    const last = lastOf(folder);
    const isDurable = this.#durable.path === lastOf(this.#folder);
    const least = isDurable ? this.#durable.bytes : SEGMENT_HEADER_BYTES;
    const unsynced = statSync(last).size - least;
    const from = least + this.#random.below(unsynced + 1);
    // Some file systems have the length before the data.
    if (this.#random.below(2) === 0) truncateSync(last, from);
    if (this.#random.below(3) === 0)
      overwrite(last, from, Buffer.alloc(this.#random.below(3_000), this.#random.below(2)));
    this.#log.close();
    rmSync(this.#folder, { recursive: true });
    this.#folder = folder;
    this.#durable = { path: last, bytes: least };
    this.#log = open(folder, { disk: this.#disk });
    readAll(this.#log);
    const found = endsOf(this.#log);
    const possible = this.#acknowledged.slice(this.#acknowledged.findLastIndex(({ isSynced }) => isSynced));
    // Of one append some runs may be there; never anything without all that came before.
    const at = possible.findLastIndex(({ ends }) => isUpTo(ends, found));
    const next = possible[at + 1]?.ends ?? this.#litter ?? possible[at]?.ends ?? {};
    assert.ok(at >= 0 && isUpTo(found, next), `${JSON.stringify(found)} of ${JSON.stringify(possible)}`);
    this.#litter = undefined;
    this.#acknowledged = [...possible.slice(0, at + 1), { ends: found, isSynced: false }];
  }
}

function partitionsOf(log: EventLog): readonly { readonly name: string; readonly log: PartitionLog }[] {
  return [...log.topics.values()].flatMap(({ partitions }) =>
    partitions.map((at) => ({ name: `${at.topic}/${at.partition}`, log: at })),
  );
}

function endsOf(log: EventLog): Ends {
  return Object.fromEntries(partitionsOf(log).map(({ name, log: at }) => [name, at.next]));
}

function isUpTo(ends: Ends, others: Ends): boolean {
  return Object.entries(ends).every(([name, end]) => end <= (others[name] ?? 0));
}
