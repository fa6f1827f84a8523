import {
  closeSync,
  constants,
  fdatasyncSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { type CommandWords, createBinaryEngine, ENGINE_VERSION } from "@bourse/engine";
import { EngineJournal, Journal, walkJournal } from "@bourse/journal";
import { Recorded } from "../percentiles.ts";

const GROUP_COMMANDS = 1_024;
const knows = (version: number): boolean => version === ENGINE_VERSION;

export interface CommitFigures {
  readonly commandsPerSecond: number;
  readonly commitP50Us: number;
  readonly commitP99Us: number;
  readonly bytesACommand: number;
}

/** A file system that keeps nothing on a disk would make the figures worthless. */
export function refuseMemory(folder: string): void {
  const TMPFS = 0x01_02_19_94;
  if (statfsSync(folder).type === TMPFS)
    throw new Error(`${folder} is in memory: name another with --folder`);
}

export function temporaryFolder(parent: string): string {
  return mkdtempSync(join(parent, "bourse-bench-journal-"));
}

/** Groups of 1,024 into the journal alone: each written and synced before the next. */
export function commitGroups(parent: string, words: CommandWords, commands: number): CommitFigures {
  const folder = temporaryFolder(parent);
  try {
    const { journal } = Journal.open({ folder, version: ENGINE_VERSION, knows }, () => {});
    const groups = groupsOf(words);
    const times = new Recorded();
    const bytes = new Uint8Array(words.i32.buffer);
    const started = performance.now();
    for (const { from, to, count } of groups) {
      const before = performance.now();
      journal.commit(bytes.subarray(from * 8, to * 8), count);
      times.add((performance.now() - before) * 1_000);
    }
    const seconds = (performance.now() - started) / 1_000;
    journal.close();
    const { p50, p99 } = times.at({ p50: 0.5, p99: 0.99 });
    return {
      commandsPerSecond: commands / seconds,
      commitP50Us: p50 ?? 0,
      commitP99Us: p99 ?? 0,
      bytesACommand: (words.length * 8) / commands,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Groups of 1,024 through the engine: durable, then run, then their events read. Snapshots are on. */
export function submitAll(folder: string, words: CommandWords, commands: number): number {
  const journal = EngineJournal.open({
    folder,
    read: (ring) => ring.releaseTo(-1),
    snapshotEvery: commands * 2,
  });
  const started = performance.now();
  let at = 0;
  for (const { to } of groupsOf(words)) {
    journal.submit(words, at, to);
    at = to;
  }
  journal.flush();
  const seconds = (performance.now() - started) / 1_000;
  journal.close();
  return commands / seconds;
}

/** Reads the whole journal, with every checksum and the chain, and counts. */
export function recoverIntoCount(folder: string, commands: number): number {
  let counted = 0;
  const started = performance.now();
  walkJournal({ folder, knows }, (group) => {
    counted += group.commands;
  });
  return rate(counted, commands, started);
}

/** The same, and every command run by a new engine. */
export function recoverIntoEngine(folder: string, commands: number): number {
  const started = performance.now();
  const journal = EngineJournal.open({ folder, read: () => {} });
  const perSecond = rate(journal.recovery.replayedCommands, commands, started);
  journal.close();
  return perSecond;
}

/** The engine alone on the same commands in memory: what is left is what the journal costs. */
export function engineAlone(words: CommandWords, commands: number): number {
  const engine = createBinaryEngine({ onFull: (ring) => ring.releaseTo(-1) });
  const started = performance.now();
  let at = 0;
  for (const { to } of groupsOf(words)) {
    engine.run(words, at, to);
    engine.events.releaseTo(-1);
    at = to;
  }
  return rate(commands, commands, started);
}

/** What the disk takes for a write of 48 KB and its fdatasync: into a growing file, and into one that has its space. */
export function diskFigures(parent: string): { readonly growingUs: number; readonly allocatedUs: number } {
  const folder = temporaryFolder(parent);
  try {
    return { growingUs: syncTime(folder, false), allocatedUs: syncTime(folder, true) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function syncTime(folder: string, allocated: boolean): number {
  const bytes = Buffer.alloc(48 * 1_024, 1);
  const writes = 200;
  const file = openSync(join(folder, `sync-${allocated}`), constants.O_RDWR | constants.O_CREAT);
  if (allocated) {
    writeSync(file, Buffer.alloc(bytes.length * writes));
    fdatasyncSync(file);
  }
  const times = new Recorded();
  for (let write = 0; write < writes; write++) {
    const before = performance.now();
    writeSync(file, bytes, 0, bytes.length, write * bytes.length);
    fdatasyncSync(file);
    times.add((performance.now() - before) * 1_000);
  }
  closeSync(file);
  return times.at({ p50: 0.5 }).p50 ?? 0;
}

function groupsOf(
  words: CommandWords,
): { readonly from: number; readonly to: number; readonly count: number }[] {
  const groups = [];
  for (let from = 0; from < words.length; ) {
    let to = from;
    let count = 0;
    for (; to < words.length && count < GROUP_COMMANDS; count++)
      to += ((words.i32[to * 2] as number) >>> 8) & 255;
    groups.push({ from, to, count });
    from = to;
  }
  return groups;
}

function rate(counted: number, expected: number, started: number): number {
  const seconds = (performance.now() - started) / 1_000;
  if (counted !== expected) throw new Error(`${counted} commands came back of ${expected}`);
  return counted / seconds;
}
