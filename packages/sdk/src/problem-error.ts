import type { Problem } from "./api.gen.ts";

export type { Problem } from "./api.gen.ts";

/** An answer of 400 and above. `problem.code` is stable; `problem.errors` names fields. */
export class ProblemError extends Error {
  readonly problem: Problem;
  /** When the same may be asked again, where the answer says so (Retry-After of 429 and 503). */
  readonly retryAfterMs: number | undefined;

  constructor(problem: Problem, retryAfterMs?: number) {
    super(inWords(problem));
    this.name = "ProblemError";
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }
}

/** What was answered. Throws {@link ProblemError}, also where what answered was no platform. */
export async function answerOf<Data>(
  call: Promise<{ readonly data?: Data; readonly error?: unknown; readonly response: Response }>,
): Promise<Data> {
  const { data, error, response } = await call;
  if (response.ok) return data as Data;
  throw new ProblemError(
    isProblem(error) ? error : foreign(response.status, error),
    retryAfterMs(response.headers),
  );
}

/** A page, say, with status 200: what answers is no platform, and its body is not to be read as one's. */
export function assertJson(response: Response): void {
  const type = response.headers.get("content-type") ?? "no content type";
  if (!response.ok || response.body === null || /\bjson\b/.test(type)) return;
  throw new ProblemError(foreign(response.status, `status ${response.status}, ${type}`));
}

/** A proxy, or another program on the port. */
function foreign(status: number, said: unknown): Problem {
  return {
    type: "about:blank",
    title: "An answer that is not the platform's",
    status,
    code: "not_a_problem_document",
    detail: typeof said === "string" ? said.slice(0, 200) : `status ${status}`,
  };
}

/** The platform tells seconds; a proxy may tell a date, which is as if nothing had been told. */
function retryAfterMs(headers: Headers): number | undefined {
  const told = headers.get("retry-after");
  return told !== null && /^\d+$/.test(told) ? Number(told) * 1_000 : undefined;
}

function isProblem(said: unknown): said is Problem {
  return typeof said === "object" && said !== null && "code" in said && "detail" in said;
}

/** The detail, and what it leaves out: it often names the first of the fields itself. */
function inWords({ detail, errors = [] }: Problem): string {
  const fields = errors
    .filter(({ field, given, allowed }) => !detail.includes(`${field}: given ${given}, allowed ${allowed}`))
    .map(({ field, given, allowed }) => `${field}: given ${given}, allowed ${allowed}`);
  return [detail, ...fields].join("; ");
}
