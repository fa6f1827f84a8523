import type { RouteAnswer } from "./definition.ts";

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
  /** What was given, shortened to 100 characters. */
  readonly given: string;
  /** What is allowed, in words. */
  readonly allowed: string;
}

/** The answer of a route that refuses: its code decides the status, in one catalogue (`problem-catalogue.ts`). */
export type ProblemAnswer = RouteAnswer & { readonly body: ProblemDetails };
