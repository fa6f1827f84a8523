import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { assert } from "@bourse/base";
import { writeWhole, writeWholeAsync } from "@bourse/disk";

/** A command that an operator has declared void (R8): the program answers REJECTED and does nothing else with it. */
export interface VoidedCommand {
  /** Of the shard's input. */
  readonly sequence: number;
  readonly reason: string;
  /** Who voided it. */
  readonly who: string;
  /** RFC 3339. */
  readonly at: string;
}

/** The command that a partition has stopped on, as its owner notes it: only that one may be voided, whoever is asked (R8). */
export interface BrokenCommand {
  readonly sequence: number;
  /** What the program said. */
  readonly error: string;
}

const FILE = "voided.json";
const BROKEN_FILE = "broken.json";

/** Where a shard's partition keeps its snapshots, and beside them the file of its voided commands. */
export function shardFolder(
  sharedFolder: string,
  at: { readonly subscription: string; readonly topic: string; readonly partition: number },
): string {
  return join(sharedFolder, at.subscription, `${at.topic}-${at.partition}`);
}

/** By sequence. A file that can't be read is an error, never an empty list. */
export async function readVoided(folder: string): Promise<readonly VoidedCommand[]> {
  const text = await textOf(join(folder, FILE));
  if (text === null) return [];
  const voided = JSON.parse(text) as readonly VoidedCommand[];
  assert(
    Array.isArray(voided) && voided.every(({ sequence }) => Number.isSafeInteger(sequence) && sequence > 0),
    `${join(folder, FILE)} is a list of voided commands`,
  );
  return [...voided].sort((a, b) => a.sequence - b.sequence);
}

/** Durable when it resolves. A command that is void already stays as it was noted first; false then. */
export async function addVoided(folder: string, command: VoidedCommand): Promise<boolean> {
  const before = await readVoided(folder);
  if (before.some(({ sequence }) => sequence === command.sequence)) return false;
  const all = [...before, command].sort((a, b) => a.sequence - b.sequence);
  await mkdir(folder, { recursive: true });
  await writeWholeAsync(join(folder, FILE), `${JSON.stringify(all, null, 2)}\n`);
  return true;
}

/** null: the partition runs, is being taken over, or has stopped for another reason. */
export async function readBroken(folder: string): Promise<BrokenCommand | null> {
  const text = await textOf(join(folder, BROKEN_FILE));
  return text === null ? null : (JSON.parse(text) as BrokenCommand);
}

/** At once: who is told that the partition has stopped may void the command. */
export function noteBroken(folder: string, { sequence, error }: BrokenCommand): void {
  mkdirSync(folder, { recursive: true });
  writeWhole(join(folder, BROKEN_FILE), `${JSON.stringify({ sequence, error })}\n`);
}

/** Before a partition is taken over: whether it breaks again is found out anew. */
export async function forgetBroken(folder: string): Promise<void> {
  const path = join(folder, BROKEN_FILE);
  if ((await textOf(path)) !== null) await rm(path, { force: true });
}

/** null: there is no such file. */
async function textOf(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === "ENOENT") return null;
    throw error;
  }
}

/**
 * What a snapshot at `sequence` says of the voids before it: one that was taken without them can't be used. Empty
 * where there are none.
 */
export function voidedHash(voided: readonly VoidedCommand[], sequence: number): string {
  const before = voided.filter((each) => each.sequence <= sequence);
  if (before.length === 0) return "";
  return createHash("sha256")
    .update(before.map((each) => each.sequence).join("\n"))
    .digest("hex")
    .slice(0, 32);
}
