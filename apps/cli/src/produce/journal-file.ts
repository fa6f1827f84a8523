import { type FileHandle, open } from "node:fs/promises";
import { JOURNAL_HEADER, journalLine, type WrittenRecord } from "@bourse/trade-stream";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";

/** Lines that wait for their records' acknowledgement: two requests' at most, so memory stays flat. */
export class JournalFile {
  readonly #path: string;
  readonly #file: FileHandle;
  #waiting: string[] = [];
  /** What comes behind a line that is cut off would be taken for its end. */
  #broken = false;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** Begins the file anew, with its header. Throws a usage error when it can't be written. */
  static async open(path: string): Promise<JournalFile> {
    let file: FileHandle | undefined;
    try {
      file = await open(path, "w");
      await file.writeFile(`${JOURNAL_HEADER}\n`);
      return new JournalFile(path, file);
    } catch (cause) {
      await file?.close().catch(() => undefined);
      throw failure(EXIT.usage, `${path} can't be written`, cause);
    }
  }

  add(record: WrittenRecord): void {
    this.#waiting.push(`${journalLine(record)}\n`);
  }

  /**
   * Writes what was added, sent or not yet: numbers of an interrupted run say which. Throws when it can't; nothing is
   * written after that.
   */
  async flush(): Promise<void> {
    const text = this.#waiting.join("");
    this.#waiting = [];
    if (this.#broken || text === "") return;
    await this.#whole(() => this.#file.writeFile(text));
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.#whole(() => this.#file.close());
    }
  }

  async #whole(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      this.#broken = true;
      throw failure(EXIT.failed, `${this.#path} can't be written on`, cause);
    }
  }
}

function failure(exitCode: typeof EXIT.usage | typeof EXIT.failed, what: string, cause: unknown): CliError {
  return new CliError(exitCode, `journal: ${what} (${(cause as Error).message})`, { cause });
}
