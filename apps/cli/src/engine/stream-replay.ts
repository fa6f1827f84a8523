import {
  openFile,
  type RecordedCommand,
  type RecordedFill,
  readEngineStream,
  readLobsterBooks,
} from "@bourse/recordings";
import { BookRows, bookDifference, touchDifference } from "./book-rows.ts";
import { type Bounds, StreamEngine } from "./stream-engine.ts";

/** What `bourse engine replay --json` tells. */
export interface StreamReplayResult {
  readonly commands: number;
  readonly aggressorsExpected: number;
  /** Whose fills are all as recorded: makers, prices, quantities, in their order. */
  readonly aggressorsEqual: number;
  readonly fillsExpected: number;
  readonly fillsEqual: number;
  /** After every step that the stream marks: whole rows of the orderbook file; without one, best bid and ask. */
  readonly booksCompared: number;
  readonly booksEqual: number;
  /** In words, the first of them. */
  readonly firstDifferences: readonly string[];
}

const MAX_DIFFERENCES = 10;

/** Replays an engine stream, reading it twice: its bounds first. Throws `RecordingError` for a file that breaks its format. */
export async function replayStream(file: string, bookFile?: string): Promise<StreamReplayResult> {
  const comparison = new Comparison(new StreamEngine(await boundsOf(file)));
  const books = bookFile === undefined ? undefined : new BookRows(readLobsterBooks(bookFile));
  try {
    for await (const command of readEngineStream(openFile(file))) await comparison.take(command, books);
  } finally {
    await books?.close();
  }
  return comparison.result();
}

/** Whether everything was as recorded. */
export function isEqual(result: StreamReplayResult): boolean {
  return result.firstDifferences.length === 0;
}

async function boundsOf(file: string): Promise<Bounds> {
  let [maxPrice, maxQuantity] = [1, 1];
  for await (const { kind, price, quantity } of readEngineStream(openFile(file))) {
    if (kind !== "limit" && kind !== "aggress") continue;
    maxPrice = Math.max(maxPrice, price);
    maxQuantity = Math.max(maxQuantity, quantity);
  }
  return { maxPrice, maxQuantity };
}

class Comparison {
  readonly #engine: StreamEngine;
  readonly #differences: string[] = [];
  #commands = 0;
  #aggressorsExpected = 0;
  #aggressorsEqual = 0;
  #fillsExpected = 0;
  #fillsEqual = 0;
  #booksCompared = 0;
  #booksEqual = 0;

  constructor(engine: StreamEngine) {
    this.#engine = engine;
  }

  async take(command: RecordedCommand, books: BookRows | undefined): Promise<void> {
    this.#commands++;
    const { fills, refusal } = this.#engine.obey(command);
    if (refusal !== undefined) this.#differs(command, `refused: ${refusal}`);
    this.#compareFills(command, fills);
    if (command.touch !== null) await this.#compareBook(command, books);
  }

  result(): StreamReplayResult {
    return {
      commands: this.#commands,
      aggressorsExpected: this.#aggressorsExpected,
      aggressorsEqual: this.#aggressorsEqual,
      fillsExpected: this.#fillsExpected,
      fillsEqual: this.#fillsEqual,
      booksCompared: this.#booksCompared,
      booksEqual: this.#booksEqual,
      firstDifferences: this.#differences,
    };
  }

  #compareFills(command: RecordedCommand, fills: readonly RecordedFill[]): void {
    const [ours, recorded] = [fills.map(fillText), command.fills.map(fillText)];
    const equal = recorded.filter((fill, index) => ours[index] === fill).length;
    const allEqual = equal === recorded.length && ours.length === recorded.length;
    this.#fillsExpected += recorded.length;
    this.#fillsEqual += equal;
    if (command.kind === "aggress") {
      this.#aggressorsExpected++;
      if (allEqual) this.#aggressorsEqual++;
    }
    if (!allEqual) this.#differs(command, `fills are "${ours.join("|")}" instead of "${recorded.join("|")}"`);
  }

  async #compareBook(command: RecordedCommand, books: BookRows | undefined): Promise<void> {
    if (command.touch === null) return;
    const recorded = await books?.at(command.row);
    const book = this.#engine.book(recorded?.depth ?? 1);
    const difference =
      touchDifference(book, command.touch) ??
      (recorded === undefined ? undefined : bookDifference(book, recorded));
    this.#booksCompared++;
    if (difference === undefined) this.#booksEqual++;
    else this.#differs(command, difference);
  }

  #differs({ kind, id, row }: RecordedCommand, what: string): void {
    if (this.#differences.length >= MAX_DIFFERENCES) return;
    const name = id === "" ? kind : `${kind} ${id}`;
    this.#differences.push(`line ${this.#commands + 1}, row ${row}, ${name}: ${what}`);
  }
}

function fillText({ makerId, price, quantity }: RecordedFill): string {
  return `${makerId}:${price}:${quantity}`;
}
