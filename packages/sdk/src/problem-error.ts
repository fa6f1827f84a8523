import type { Problem } from "./api.gen.ts";

export type { Problem } from "./api.gen.ts";

/** An answer of 400 and above. `problem.code` is stable; `problem.errors` names fields. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(inWords(problem));
    this.name = "ProblemError";
    this.problem = problem;
  }
}

/** What was answered. Throws {@link ProblemError}, also where what answered was no platform. */
export async function answerOf<Data>(
  call: Promise<{ readonly data?: Data; readonly error?: unknown; readonly response: Response }>,
): Promise<Data> {
  const { data, error, response } = await call;
  if (response.ok) return data as Data;
  throw new ProblemError(isProblem(error) ? error : foreign(response.status, error));
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

function isProblem(said: unknown): said is Problem {
  return typeof said === "object" && said !== null && "code" in said && "detail" in said;
}

function inWords({ detail, errors = [] }: Problem): string {
  const fields = errors.map(
    ({ field, given, allowed }) => `${field}: ${given} is not allowed; allowed: ${allowed}`,
  );
  return [detail, ...fields].join(" ");
}
