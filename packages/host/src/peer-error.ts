import { OperationalError } from "@bourse/base";
import type { ProblemDetails } from "./problem.ts";

export type PeerErrorCode =
  /** Nothing was done there: nothing was sent, since it can't be reached or its breaker is open, or it said 503. */
  | "peer_unavailable"
  /** It may have been done: the answer was lost, late, or an error of theirs. */
  | "peer_outcome_unknown"
  /** It answered with a refusal: `problem` says which. */
  | "peer_refused";

/** A call to another service that did not succeed. */
export class PeerError extends OperationalError {
  override readonly name = "PeerError";
  declare readonly code: PeerErrorCode;
  readonly service: string;
  readonly problem: ProblemDetails | undefined;
  /** Where it is known when asking again makes sense. */
  readonly retryAfterS: number | undefined;

  constructor(
    code: PeerErrorCode,
    message: string,
    options: {
      readonly service: string;
      readonly problem?: ProblemDetails | undefined;
      readonly retryAfterS?: number | undefined;
      readonly cause?: unknown;
    },
  ) {
    super(code, message, { retryable: code === "peer_unavailable", cause: options.cause });
    this.service = options.service;
    this.problem = options.problem;
    this.retryAfterS = options.retryAfterS;
  }
}
