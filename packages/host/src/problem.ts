import { shortenedText } from "./http/shortened.ts";
import { type ProblemCode, problemEntry } from "./problem-catalogue.ts";
import type { RouteAnswer } from "./route-answer.ts";

/** RFC 9457 problem details, with a stable `code`, and the fields that are wrong. */
export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  readonly [extension: string]: unknown;
}

export interface FieldError {
  /** As in the request: `quantity`, `items[3].price`. */
  readonly field: string;
  /** What was given; `problem` shortens it to 100 characters, and shows an empty text as `""`. */
  readonly given: string;
  /** What is allowed, in words. */
  readonly allowed: string;
}

/** The answer of a route that refuses: its code decides the status, in one catalogue (`problem-catalogue.ts`). */
export type ProblemAnswer = RouteAnswer & { readonly body: ProblemDetails };

export const PROBLEM_TYPE = "application/problem+json";
/** For a 503 or 429 that does not know better, in seconds. */
const RETRY_AFTER_S = 1;

/**
 * A refusal. Extensions are further members of the document (`required`, `available`); `headers` are added to the
 * answer's; `retryAfterS` is the Retry-After of 429 and 503, default 1 second.
 */
export function problem(
  code: ProblemCode,
  detail: string,
  options: {
    readonly errors?: readonly FieldError[];
    readonly headers?: Readonly<Record<string, string>>;
    readonly retryAfterS?: number;
    readonly extensions?: Readonly<Record<string, unknown>>;
  } = {},
): ProblemAnswer {
  const { status, title } = problemEntry(code);
  const retry =
    status === 503 || status === 429 ? { "retry-after": String(options.retryAfterS ?? RETRY_AFTER_S) } : {};
  return {
    status,
    headers: { "content-type": PROBLEM_TYPE, ...retry, ...options.headers },
    body: {
      type: `urn:bourse:problem:${code}`,
      title,
      status,
      code,
      detail,
      ...(options.errors === undefined ? {} : { errors: options.errors.map(shown) }),
      ...options.extensions,
    },
  };
}

/** What stood in the request may be as long as the request. */
function shown(fault: FieldError): FieldError {
  return { ...fault, given: fault.given === "" ? '""' : shortenedText(fault.given) };
}

/** A list's refusal of a cursor that it did not make. `next` is what its pages call the one they give. */
export function refuseCursor(
  given = "",
  { field, next }: { readonly field: string; readonly next: string } = {
    field: "cursor",
    next: "nextCursor",
  },
): ProblemAnswer {
  return problem("invalid_cursor", "The cursor is not one of this list.", {
    errors: [{ field, given, allowed: `the ${next} of a page of this list` }],
  });
}

/** Whether an answer of a route is a refusal. */
export function isProblem(answer: RouteAnswer): answer is ProblemAnswer {
  return answer.status >= 400 && answer.headers?.["content-type"] === PROBLEM_TYPE;
}
