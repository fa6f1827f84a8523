import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { assert } from "@bourse/base";
import { type JournalDisk, UNFINISHED, writeWhole } from "./journal-disk.ts";
import { HASH_BYTES, sameBytes } from "./layout.ts";
import type { Place } from "./walk-segment.ts";

/** R8: at least three. */
export const KEPT_SNAPSHOTS = 3;

const SUFFIX = ".snapshot";
const NAME = /^\d{16}-[0-9a-f]{16}\.snapshot$/;
const MAGIC = Buffer.from("BRSP\x01\0\0\0");
/** magic and format, number of the last command, hash of its group, state hash in ASCII */
const STATE_HASH_BYTES = 32;
const HEADER_BYTES = MAGIC.length + 8 + HASH_BYTES + STATE_HASH_BYTES;

export interface JournalSnapshot extends Place {
  /** 32 hexadecimal digits. */
  readonly stateHash: string;
  readonly state: Uint8Array;
}

/** Oldest first. */
export function snapshotNames(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => NAME.test(name))
    .sort();
}

/** null: it is damaged. */
export function readSnapshotFile(path: string): JournalSnapshot | null {
  const bytes = readFileSync(path);
  const end = bytes.length - HASH_BYTES;
  if (end < HEADER_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return null;
  if (!sameBytes(checksum(bytes.subarray(0, end)), bytes.subarray(end))) return null;
  const hashAt = MAGIC.length + 8;
  return {
    sequence: Number(bytes.readBigUInt64LE(MAGIC.length)),
    hash: new Uint8Array(bytes.subarray(hashAt, hashAt + HASH_BYTES)),
    stateHash: bytes.toString("latin1", hashAt + HASH_BYTES, HEADER_BYTES),
    state: new Uint8Array(bytes.subarray(HEADER_BYTES, end)),
  };
}

/** Durable when it returns; then all but the newest {@link KEPT_SNAPSHOTS} go, and what a crash has left half written. */
export function writeSnapshotFile(disk: JournalDisk, folder: string, snapshot: JournalSnapshot): void {
  assert(snapshot.stateHash.length === STATE_HASH_BYTES, "a state hash has 32 digits");
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeBigUInt64LE(BigInt(snapshot.sequence), MAGIC.length);
  header.set(snapshot.hash, MAGIC.length + 8);
  header.write(snapshot.stateHash, MAGIC.length + 8 + HASH_BYTES, "latin1");
  const body = checksum(header, snapshot.state);
  const name = `${String(snapshot.sequence).padStart(16, "0")}-${body.toString("hex", 0, 8)}${SUFFIX}`;
  writeWhole(disk, join(folder, name), [header, snapshot.state, body]);
  const half = readdirSync(folder).filter((name) => name.endsWith(`${SUFFIX}${UNFINISHED}`));
  for (const old of [...snapshotNames(folder).slice(0, -KEPT_SNAPSHOTS), ...half]) rmSync(join(folder, old));
}

function checksum(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}
