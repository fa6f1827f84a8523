import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { assert } from "@bourse/base";
import { writeWholeAsync } from "@bourse/disk";

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

const FILE = "voided.json";

/** Where a shard's partition keeps its snapshots, and beside them the file of its voided commands. */
export function shardFolder(
  sharedFolder: string,
  at: { readonly subscription: string; readonly topic: string; readonly partition: number },
): string {
  return join(sharedFolder, at.subscription, `${at.topic}-${at.partition}`);
}

/** By sequence. A file that can't be read is an error, never an empty list. */
export async function readVoided(folder: string): Promise<readonly VoidedCommand[]> {
  let text: string;
  try {
    text = await readFile(join(folder, FILE), "utf8");
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === "ENOENT") return [];
    throw error;
  }
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
