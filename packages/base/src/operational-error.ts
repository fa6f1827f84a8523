/**
 * A failure of something outside the process: a store, a broker, an upstream.
 * `code` is stable and documented; `retryable` says whether the same call may succeed later.
 */
export class OperationalError extends Error {
  override readonly name: string = "OperationalError";
  readonly code: string;
  readonly retryable: boolean;

  constructor(
    code: string,
    message: string,
    options: { readonly retryable: boolean; readonly cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable;
  }
}
