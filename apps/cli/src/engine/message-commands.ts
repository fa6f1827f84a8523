import { COMMAND, CommandWords, PLACE_WORD } from "@bourse/engine";
import { HEAD, MESSAGE, type MessageColumns } from "@bourse/recordings";

const SYMBOL = 0;
const ACCOUNT = 0;
const IMMEDIATE_OR_CANCEL = 3 << 4;
const PLACE_WORDS = 6;
const CANCEL_WORDS = 4;
const REPLACE_WORDS = PLACE_WORD.REPLACED + 1;
const { PRICE, QUANTITY, REPLACED } = PLACE_WORD;
const { NEW, CANCEL } = MESSAGE;
const { KIND, SELLS, IMMEDIATE } = HEAD;
const PLACE_HEAD = COMMAND.PLACE | (PLACE_WORDS << 8);
const CANCEL_HEAD = COMMAND.CANCEL | (CANCEL_WORDS << 8);
const REPLACE_HEAD = COMMAND.REPLACE | (REPLACE_WORDS << 8);

/** The request of the first message: the listing comes before it. */
export const FIRST_REQUEST = 2;

/** A new order under an id that an order had before, which must not rest any more. */
export interface SecondUse {
  readonly message: number;
  /** Of the order before. */
  readonly handle: number;
  /** The word at which its command begins. */
  readonly at: number;
}

/** Messages as the engine's commands. */
export interface MessageCommands {
  readonly words: CommandWords;
  /** The word at which the first command of each batch begins; the last entry: behind all. */
  readonly starts: Float64Array;
  readonly secondUses: readonly SecondUse[];
}

/**
 * Every message is one command, and its request number tells which: a modification is a replacement, which cancels and
 * places or does neither. A cancel or a modification names the order that the last message before it under its id would
 * have placed; whether that rests is for the engine to know. So the commands depend on the file alone. `raise` is added to
 * all prices.
 */
export function commandsOf(messages: MessageColumns, raise: number, batch: number): MessageCommands {
  const { head, key, price, quantity, count } = messages;
  const words = new CommandWords(wordsOf(messages));
  const starts = new Float64Array(Math.ceil(count / batch) + 1);
  const secondUses: SecondUse[] = [];
  /** By key: twice the handle of the order placed last under this id, plus its side; 0: none was. */
  const placed = new Float64Array(messages.keys);
  const { i32, f64 } = words;
  let at = 0;
  for (let message = 0; message < count; message++) {
    if (message % batch === 0) starts[message / batch] = at;
    const bits = head[message] as number;
    const kind = bits & KIND;
    const id = key[message] as number;
    const before = placed[id] as number;
    // Handle 0 is no order's: the engine refuses it as unknown.
    const handle = Math.floor(before / 2);
    const request = message + FIRST_REQUEST;
    f64[at + 1] = request;
    if (kind === CANCEL) {
      i32[at * 2] = CANCEL_HEAD;
      f64[at + 3] = handle;
      at += CANCEL_WORDS;
      continue;
    }
    // Whatever side a modification names: an order keeps its own.
    const side = kind === NEW ? ((bits & SELLS) === 0 ? 0 : 1) : before % 2;
    placed[id] = request * 2 + side;
    i32[at * 2 + 1] = SYMBOL;
    i32[at * 2 + 6] = ACCOUNT;
    i32[at * 2 + 7] = kind === NEW && (bits & IMMEDIATE) !== 0 ? side | IMMEDIATE_OR_CANCEL : side;
    f64[at + PRICE] = (price[message] as number) + raise;
    f64[at + QUANTITY] = quantity[message] as number;
    if (kind === NEW) {
      i32[at * 2] = PLACE_HEAD;
      if (handle !== 0) secondUses.push({ message, handle, at });
      at += PLACE_WORDS;
    } else {
      i32[at * 2] = REPLACE_HEAD;
      f64[at + REPLACED] = handle;
      at += REPLACE_WORDS;
    }
  }
  starts[starts.length - 1] = at;
  return { words, starts, secondUses };
}

function wordsOf({ head, count }: MessageColumns): number {
  let words = 0;
  for (let message = 0; message < count; message++) {
    const kind = (head[message] as number) & KIND;
    words += kind === NEW ? PLACE_WORDS : kind === CANCEL ? CANCEL_WORDS : REPLACE_WORDS;
  }
  return words;
}
