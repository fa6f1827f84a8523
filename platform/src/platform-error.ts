import { OperationalError } from "@bourse/base";

export type PlatformErrorCode =
  /** A port of the platform is taken by something else. */
  | "port_taken"
  /** The data folder was made by another version. */
  | "data_version"
  /** A platform runs from this data folder already. */
  | "already_running"
  | "not_running"
  /** An environment variable that this process reads itself is not what it should be. */
  | "config_invalid"
  /** Something that the platform needs can't be had here. */
  | "missing_part"
  | "start_failed"
  /** A start was given up because whoever began it asked for that. */
  | "told_to_end"
  /** A database was restored: its topics have numbers that it has not (R6). */
  | "log_ahead_of_store"
  /** What a command needs to be stopped runs. */
  | "still_running";

/** Why a platform could not be brought up or taken down, with what to do about it in the message. */
export class PlatformError extends OperationalError {
  override readonly name = "PlatformError";
  declare readonly code: PlatformErrorCode;

  constructor(
    code: PlatformErrorCode,
    message: string,
    options: { readonly retryable?: boolean; readonly cause?: unknown } = {},
  ) {
    super(code, message, { retryable: options.retryable ?? false, cause: options.cause });
  }
}
