import { CommandWords } from "@bourse/engine";
import { wordsAt } from "./replay.ts";

/** The longest command of the engine, with room to spare for later ones. */
const LONGEST_WORDS = 32;
/** Up to here a loop over the integers is cheaper than a call. */
const LOOP_WORDS = 24;

/** The commands that become durable together. It has room for `commands` of the longest ones, and takes no more. */
export class CommandBatch {
  readonly words: CommandWords;
  readonly #most: number;
  #commands = 0;

  constructor(commands: number) {
    this.words = new CommandWords(commands * LONGEST_WORDS);
    this.#most = commands;
  }

  get commands(): number {
    return this.#commands;
  }

  get isFull(): boolean {
    return this.#commands === this.#most;
  }

  /** Takes whole commands from word `from` on, until it is full or `to` is reached; the word behind the last. */
  take(source: CommandWords, from: number, to: number): number {
    let at = from;
    while (at < to && this.#commands < this.#most) {
      at += wordsAt(source.i32, at);
      this.#commands++;
    }
    this.#copy(source.i32, from, at);
    return at;
  }

  clear(): void {
    this.words.clear();
    this.#commands = 0;
  }

  /** As bytes. Valid until the next `take` or `clear`. */
  payload(): Uint8Array {
    return new Uint8Array(this.words.i32.buffer, 0, this.words.length * 8);
  }

  /** As integers: a double that is copied as a number may come out as another NaN. */
  #copy(source: Int32Array, from: number, to: number): void {
    const { i32, length } = this.words;
    if (to - from > LOOP_WORDS) i32.set(source.subarray(from * 2, to * 2), length * 2);
    else for (let at = from * 2, into = length * 2; at < to * 2; ) i32[into++] = source[at++] as number;
    this.words.length = length + (to - from);
  }
}
