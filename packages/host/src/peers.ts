import { assert } from "@bourse/base";
import type { ServiceName } from "@bourse/contracts";
import type { PeerRequest, Peers } from "./definition.ts";
import type { PlatformDirectory } from "./directory.ts";
import { PeerError } from "./peer-error.ts";
import type { ProblemDetails } from "./problem.ts";
import { isProblemCode, problemEntry } from "./problem-catalogue.ts";
import type { RouteAnswer } from "./route-answer.ts";
import { inSpan } from "./tracing.ts";

/** The calls of one service to others. Only those its definition names: the drawn topology is the true one. */
export function createPeers(options: {
  readonly caller: string;
  readonly calls: readonly ServiceName[];
  readonly directory: PlatformDirectory;
  readonly timeoutMs: number;
  readonly newId: () => string;
}): Peers {
  return {
    call<Answer>(service: ServiceName, request: PeerRequest): Promise<Answer> {
      assert(options.calls.includes(service), `${options.caller} names ${service} among its calls`);
      return inSpan({ name: `${request.method} ${service}${request.path}`, kind: "client" }, async () =>
        outcomeOf<Answer>(
          service,
          await options.directory.call(
            service,
            request,
            options.newId(),
            request.timeoutMs ?? options.timeoutMs,
          ),
        ),
      );
    },
  };
}

/** What an answer means to the caller, the same over both transports. */
function outcomeOf<Answer>(service: ServiceName, answer: RouteAnswer): Answer {
  if (answer.status < 300) return bodyOf(answer) as Answer;
  const problem = problemOf(bodyOf(answer));
  const said = `${service} answered ${answer.status} ${problem?.code ?? ""}: ${problem?.detail ?? ""}`;
  const retryable =
    problem !== undefined && isProblemCode(problem.code) && problemEntry(problem.code).retryable === true;
  const code =
    problem?.code === "outcome_unknown"
      ? "peer_outcome_unknown"
      : answer.status === 503 || (answer.status === 429 && retryable)
        ? "peer_unavailable"
        : answer.status >= 500
          ? "peer_outcome_unknown"
          : "peer_refused";
  throw new PeerError(code, said, { service, problem });
}

function bodyOf(answer: RouteAnswer): unknown {
  const isText =
    typeof answer.body === "string" && answer.headers?.["content-type"]?.includes("json") === true;
  return isText ? JSON.parse(answer.body as string) : answer.body;
}

function problemOf(body: unknown): ProblemDetails | undefined {
  const isProblem =
    typeof body === "object" && body !== null && typeof (body as ProblemDetails).code === "string";
  return isProblem ? (body as ProblemDetails) : undefined;
}
