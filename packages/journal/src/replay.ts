import { assert } from "@bourse/base";
import { type BinaryEngine, CommandWords, type EventRing } from "@bourse/engine";

/** Reads the events it is shown; what it leaves unread is dropped. */
export type ReadRing = (ring: EventRing) => void;

/** Mass work of a command is done in chunks of so many orders. */
const WORK_CHUNK = 1_024;
/** A command's words begin with its kind and its length. */
const HEAD_WORDS = 3;

/**
 * Runs whole commands to their very end and shows their events: the one way by which commands reach an engine here, when
 * they are new and when they are replayed.
 */
export function runCommands(engine: BinaryEngine, words: CommandWords, read: ReadRing): void {
  engine.run(words);
  while (engine.pendingWork()) engine.work(WORK_CHUNK);
  read(engine.events);
  engine.events.releaseTo(-1);
}

/** How many whole commands lie between two words; throws `InvariantError` for what is not whole commands. */
export function countCommands({ i32 }: CommandWords, from: number, to: number): number {
  let commands = 0;
  for (let at = from; at < to; commands++) {
    const words = wordsAt(i32, at);
    assert(words >= HEAD_WORDS && at + words <= to, "commands are whole");
    at += words;
  }
  return commands;
}

export function wordsAt(i32: Int32Array, at: number): number {
  return ((i32[at * 2] as number) >>> 8) & 255;
}

/** The commands of a group out of a journal, copied into `words`, which is returned, or a longer one. */
export function readPayload(payload: Uint8Array, words: CommandWords): CommandWords {
  assert(payload.length % 8 === 0, "an engine's commands are whole words");
  const length = payload.length / 8;
  const target = words.i32.length >= length * 2 ? words : new CommandWords(length);
  new Uint8Array(target.i32.buffer).set(payload);
  target.length = length;
  return target;
}
