import type { ProblemDetails } from "@bourse/host";

/** The platform answered, with a problem document (RFC 9457) or another status of 400 and above. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly status: number;
  readonly problem: ProblemDetails;

  constructor(status: number, problem: ProblemDetails) {
    super(describeProblem(problem));
    this.status = status;
    this.problem = problem;
  }

  /** Whether the same request, with the same key, may be answered otherwise later. */
  get retryable(): boolean {
    return isRetryableStatus(this.status);
  }
}

/** No answer: nothing listens, or the connection broke. What became of the request is not known. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";
  readonly url: string;

  constructor(url: string, cause: unknown) {
    super(describeSilence(url, cause), { cause });
    this.url = url;
  }
}

/** 429 and every 5xx: not the fault of the request. */
export function isRetryableStatus(status: number): boolean {
  return status === 429 || status >= 500;
}

/** A line about the whole, then one for each field: `quantity: 0 -> from 1 to 100`. */
export function describeProblem(problem: ProblemDetails): string {
  const head = `${problem.title} (${problem.status} ${problem.code}): ${problem.detail}`;
  const fields = (problem.errors ?? []).map(
    ({ field, given, allowed }) => `  ${field}: ${given === "" ? "nothing" : given} -> ${allowed}`,
  );
  return [head, ...fields].join("\n");
}

function describeSilence(url: string, cause: unknown): string {
  const code = (cause as { readonly code?: unknown } | null)?.code;
  if (code === "ECONNREFUSED")
    return `no platform answers at ${url}. Start one with \`bourse up\`, or name another with --url.`;
  return `${url} stopped answering (${typeof code === "string" ? code : (cause as Error).message})`;
}
