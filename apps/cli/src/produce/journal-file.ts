import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { JOURNAL_HEADER, journalLine, type WrittenRecord } from "@bourse/trade-stream";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";

/** Lines that wait for their records' acknowledgement: two requests' at most, so memory stays flat. */
export class JournalFile {
  readonly #file: WriteStream;
  #waiting: string[] = [`${JOURNAL_HEADER}\n`];

  private constructor(file: WriteStream) {
    this.#file = file;
  }

  /** Begins the file anew. Throws a usage error when it can't be written. */
  static async open(path: string): Promise<JournalFile> {
    const file = createWriteStream(path);
    try {
      await once(file, "open");
    } catch (cause) {
      throw new CliError(EXIT.usage, `journal: ${path} can't be written (${(cause as Error).message})`, {
        cause,
      });
    }
    return new JournalFile(file);
  }

  add(record: WrittenRecord): void {
    this.#waiting.push(`${journalLine(record)}\n`);
  }

  /** Writes what was added, sent or not yet: numbers of an interrupted run say which. */
  async flush(): Promise<void> {
    const text = this.#waiting.join("");
    this.#waiting = [];
    if (!this.#file.write(text)) await once(this.#file, "drain");
  }

  async close(): Promise<void> {
    await this.flush();
    await new Promise<void>((resolve, reject) => {
      this.#file.once("error", reject).end(resolve);
    });
  }
}
