import { OperationalError } from "@bourse/base";
import { BusError } from "@bourse/bus";
import { StoreError } from "@bourse/store";
import { PeerError } from "../peer-error.ts";
import { type ProblemAnswer, problem } from "../problem.ts";
import { isProblemCode, type ProblemCode } from "../problem-catalogue.ts";

/** What a failure of something outside the process is called to a client: the one place of this mapping. */
const CODES: Readonly<Record<string, ProblemCode>> = {
  store_unavailable: "store_unavailable",
  store_closed: "store_unavailable",
  commit_unknown: "outcome_unknown",
  bus_unavailable: "bus_unavailable",
  bus_closed: "bus_unavailable",
  bus_outcome_unknown: "outcome_unknown",
  // Of what operators look at: nobody else's request reads or writes a topic.
  bus_refused: "topic_unreadable",
  unreadable_batch: "topic_unreadable",
  unknown_topic: "topic_unreadable",
  peer_unavailable: "peer_unavailable",
  peer_outcome_unknown: "outcome_unknown",
  // The view of reference data is a moment behind what another service, or another instance, knows already.
  reference_pending: "not_ready",
};

const DETAILS: Partial<Record<ProblemCode, (error: Error) => string>> = {
  outcome_unknown: () => "the outcome is not known; ask, or send again with the same key",
  topic_unreadable: ({ message }) => message,
};

/** Whether the error is a known outage, to be counted and not to be alarmed about one by one. */
export function isOutage(error: unknown): boolean {
  return codeOf(error) !== undefined;
}

/** The answer to a request whose handler threw. Nothing of an unexpected error leaves the process but the request's id. */
export function answerForError(error: unknown, requestId: string): ProblemAnswer {
  const code = codeOf(error);
  if (code !== undefined) {
    const detail = DETAILS[code]?.(error as Error) ?? outage(error);
    const retryAfterS = error instanceof PeerError ? error.retryAfterS : undefined;
    return problem(code, detail, retryAfterS === undefined ? {} : { retryAfterS });
  }
  // A refusal that the service did not translate still says what is wrong with the request.
  if (error instanceof PeerError && error.problem !== undefined && isProblemCode(error.problem.code)) {
    const { type: _, title: __, status: ___, code: refusal, detail, errors, ...extensions } = error.problem;
    return problem(refusal as ProblemCode, detail, {
      extensions,
      ...(errors === undefined ? {} : { errors }),
    });
  }
  return problem("internal_error", `the request failed; its id is ${requestId}`, {
    extensions: { requestId },
  });
}

function codeOf(error: unknown): ProblemCode | undefined {
  return error instanceof OperationalError ? CODES[error.code] : undefined;
}

function outage(error: unknown): string {
  if (error instanceof PeerError) return `${error.service} does not answer; nothing was done`;
  if (error instanceof BusError) return "the event bus does not answer; nothing was done";
  return error instanceof StoreError
    ? "the database does not answer; nothing was done"
    : `${(error as Error).message}; nothing was done`;
}
