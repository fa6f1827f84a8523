import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import type { JournalEntry, Outcome, Wish } from "./entries.ts";

/**
 * The client's own account of what it asked for: a line before each request is sent, a line once its outcome is known.
 * Lines are with the operating system when a call returns, so that they outlive this process.
 */
export class Journal {
  readonly path: string;
  readonly #file: number;
  #requests = 0;

  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, "a");
  }

  /** Before it is sent. The number names it in {@link settle}. */
  begin(wish: Wish): number {
    const request = ++this.#requests;
    this.#write({ request, atMs: Date.now(), wish });
    return request;
  }

  settle(answerTo: number, outcome: Outcome): void {
    this.#write({ answerTo, atMs: Date.now(), outcome });
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(entry: JournalEntry): void {
    writeSync(this.#file, `${JSON.stringify(entry)}\n`);
  }
}

/** The entries of a journal. A last line that was cut off by the death of its writer is left out. */
export function readJournal(path: string): readonly JournalEntry[] {
  const lines = readFileSync(path, "utf8").split("\n");
  const last = lines.pop() ?? "";
  const entries = lines.map((line) => JSON.parse(line) as JournalEntry);
  try {
    if (last !== "") entries.push(JSON.parse(last) as JournalEntry);
  } catch {
    // It was never finished, so that its request was never sent or its answer never used.
  }
  return entries;
}
