import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeWholeAsync } from "@bourse/disk";
import { type Log, reasonOf } from "./log.ts";
import {
  type BrokenCommand,
  forgetBroken,
  noteBroken,
  readVoided,
  type VoidedCommand,
} from "./voided-commands.ts";

/** Where in its logs a shard stood when the snapshot was taken (R8). */
export interface SnapshotHead {
  readonly format: 1;
  readonly inputTopic: string;
  readonly inputTopicId: string;
  readonly partition: number;
  readonly epoch: number;
  /** The last command applied. */
  readonly sequence: number;
  /** A hint, good while the topic's id is the same. */
  readonly nextOffset: string;
  /** Engine time of the last command. */
  readonly timeMs: number;
  /** The last number given to each output topic. */
  readonly outputs: Readonly<Record<string, number>>;
  /** The program's own format; absent: "1". */
  readonly program?: string;
  /** Of the voided commands up to `sequence`; absent: there were none. */
  readonly voided?: string;
  /**
   * Of one that is for the next owner alone: the commands that no kept snapshot has, and the time of their first. The next
   * kept one is due as if this were not there. Absent: it is kept.
   */
  readonly unsaved?: { readonly commands: number; readonly sinceMs: number };
}

export interface Snapshot {
  readonly head: SnapshotHead;
  readonly state: Uint8Array;
}

/** The snapshots of one partition, newest last; a file is whole or it is not there. */
export interface SnapshotStore {
  /** The newest one that is undamaged and that `accept` takes; null: none. */
  newest(accept: (head: SnapshotHead) => boolean): Promise<Snapshot | null>;
  /**
   * Durable when it resolves; then all but the newest `KEEP` go, and what was left half written before those. One for the
   * next owner alone takes no place of theirs, and goes with the next one of either kind.
   */
  write(snapshot: Snapshot): Promise<void>;
  /** The commands that an operator has voided, beside the snapshots (R8). Absent: there is no way to void one. */
  voided?(): Promise<readonly VoidedCommand[]>;
  /** Beside them as well: which command the partition has stopped on, for all instances. */
  noteBroken?(command: BrokenCommand): void;
  forgetBroken?(): Promise<void>;
}

/** The port to where snapshots are kept: the store of one partition, by its folder's name (R16). */
export type OpenSnapshots = (folder: string) => SnapshotStore;

/** R8: at least three. */
export const KEEP = 3;
const SUFFIX = ".snapshot";
const HANDOVER = ".handover";
/** Whole, or on the way to it in some instance. */
const ANY_NAME = /^\d{16}-[0-9a-f]{16}(\.handover)?\.snapshot(\..*\.tmp)?$/;
const CHECKSUM_BYTES = 32;
const NEWLINE = 0x0a;

export function createSnapshotStore(folder: string, instanceId: string, log: Log): SnapshotStore {
  return {
    voided: () => readVoided(folder),
    noteBroken: (command) => noteBroken(folder, command),
    forgetBroken: () => forgetBroken(folder),
    newest: async (accept) => {
      for (const name of (await names(folder)).reverse()) {
        const snapshot = await readSnapshot(join(folder, name), log);
        if (snapshot !== null && accept(snapshot.head)) return snapshot;
      }
      return null;
    },
    write: async (snapshot) => {
      await mkdir(folder, { recursive: true });
      const bytes = encode(snapshot);
      const hash = bytes.subarray(-CHECKSUM_BYTES).toString("hex").slice(0, 16);
      const kind = snapshot.head.unsaved === undefined ? "" : HANDOVER;
      const name = `${String(snapshot.head.sequence).padStart(16, "0")}-${hash}${kind}${SUFFIX}`;
      // Two owners may write the same snapshot at once (R8): each under a name of its own until it is whole.
      const draft = join(folder, `${name}.${instanceId}.tmp`);
      await writeWholeAsync(join(folder, name), bytes, { draft });
      const [oldest = ""] = (await names(folder)).filter((each) => !isHandover(each)).slice(-KEEP);
      for (const old of await readdir(folder)) {
        const isOld = isHandover(old) ? old < name : old < oldest;
        if (isOld && ANY_NAME.test(old)) await rm(join(folder, old), { force: true });
      }
    },
  };
}

async function names(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith(SUFFIX)).sort();
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === "ENOENT") return [];
    throw error;
  }
}

function isHandover(name: string): boolean {
  return name.includes(HANDOVER);
}

/** A line of JSON, the state, and the SHA-256 of both. */
function encode({ head, state }: Snapshot): Buffer {
  const body = Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), state]);
  return Buffer.concat([body, createHash("sha256").update(body).digest()]);
}

async function readSnapshot(path: string, log: Log): Promise<Snapshot | null> {
  try {
    const bytes = await readFile(path);
    const body = bytes.subarray(0, -CHECKSUM_BYTES);
    const checksum = createHash("sha256").update(body).digest();
    if (!checksum.equals(bytes.subarray(-CHECKSUM_BYTES))) throw new Error("its checksum is wrong");
    const end = body.indexOf(NEWLINE);
    const head = JSON.parse(body.subarray(0, end).toString()) as SnapshotHead;
    if (head.format !== 1) throw new Error(`its format is ${head.format}, this program knows 1`);
    return { head, state: new Uint8Array(body.subarray(end + 1)) };
  } catch (error) {
    log.warn({ path, reason: reasonOf(error) }, "a snapshot can't be used: an older one is tried");
    return null;
  }
}
