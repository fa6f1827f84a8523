import { OperationalError } from "@bourse/base";

/** Stable codes; only `journal_in_use` may pass by itself. */
export type JournalErrorCode =
  /** Damage that no crash explains. Nothing is changed on disk. */
  | "journal_corrupt"
  | "journal_segment_missing"
  /** A format or an engine version that this binary doesn't know (R8). */
  | "journal_version_unknown"
  | "journal_in_use"
  /** The disk refused. What was being committed is not acknowledged; the journal takes nothing until it is reopened. */
  | "journal_write_failed";

export interface JournalErrorDetails {
  readonly path: string;
  /** Bytes from the start of the file. */
  readonly offset?: number;
  readonly cause?: unknown;
}

export class JournalError extends OperationalError {
  override readonly name = "JournalError";
  declare readonly code: JournalErrorCode;
  readonly path: string;
  readonly offset: number | undefined;

  constructor(code: JournalErrorCode, message: string, { path, offset, cause }: JournalErrorDetails) {
    super(code, message, { retryable: code === "journal_in_use", cause });
    this.path = path;
    this.offset = offset;
  }
}

export function corrupt(path: string, offset: number, what: string): JournalError {
  return new JournalError("journal_corrupt", `${path} is damaged at byte ${offset}: ${what}`, {
    path,
    offset,
  });
}
