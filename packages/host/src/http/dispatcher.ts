import type { ServiceName } from "@bourse/contracts";
import type { Logger } from "pino";
import type { AnyRoute, PeerRequest, RouteRequest } from "../definition.ts";
import type { LocalService } from "../directory.ts";
import type { RequestDurations, RouteTimer } from "../metrics.ts";
import { stopwatchMs } from "../metrics.ts";
import { type Caller, refuseAccess } from "../principal.ts";
import { type ProblemAnswer, problem } from "../problem.ts";
import type { RouteAnswer } from "../route-answer.ts";
import { inSpan, tracingEnabled } from "../tracing.ts";
import { answerCommit, type CommitDoors, keepsAnswers, noAnswerCommit } from "./answer-commit.ts";
import { answerForError, isOutage } from "./error-answers.ts";
import { refuseKey } from "./idempotency-key.ts";
import { compileRequestSchemas, type RequestSchemas } from "./request-schemas.ts";
import { RouteTable } from "./route-table.ts";

export interface MountedRoute {
  readonly route: AnyRoute;
  readonly schemas: RequestSchemas;
  readonly timer: RouteTimer;
  /** Its answers are committed by their Idempotency-Key. */
  readonly keepsAnswers: boolean;
  /** Answers whatever the service's state: health, metrics, documents. */
  readonly always: boolean;
}

/** A request as the socket brought it. */
export interface RawRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer | undefined;
  readonly headers: RouteRequest["headers"];
  readonly requestId: string;
  readonly gone: () => AbortSignal;
}

type Answer = RouteAnswer | Promise<RouteAnswer>;
type Doors = "starting" | "open" | "closed";

/**
 * Between the sockets (or the neighbours in the process) and the handlers: doors, access, validation, failures,
 * measurement. It answers every request and never rejects.
 */
export class Dispatcher implements LocalService {
  readonly name: ServiceName;
  readonly mounted: readonly MountedRoute[];
  readonly #table: RouteTable<MountedRoute>;
  readonly #byRoute: ReadonlyMap<AnyRoute, MountedRoute>;
  readonly #log: Logger;
  readonly #maxInFlight: number;
  #doors: Doors = "starting";
  #service: unknown = null;
  #commits: CommitDoors | null = null;
  #inFlight = 0;
  #whenIdle: (() => void)[] = [];

  constructor(options: {
    readonly name: ServiceName;
    readonly routes: readonly AnyRoute[];
    readonly builtIn: readonly AnyRoute[];
    readonly durations: RequestDurations;
    readonly log: Logger;
    readonly maxInFlight: number;
  }) {
    const mount =
      (always: boolean) =>
      (route: AnyRoute): MountedRoute => ({
        route,
        schemas: compileRequestSchemas(route),
        timer: options.durations.route(route.method, route.path),
        keepsAnswers: keepsAnswers(route),
        always,
      });
    this.name = options.name;
    this.mounted = [...options.builtIn.map(mount(true)), ...options.routes.map(mount(false))];
    this.#table = new RouteTable(this.mounted.map((mounted) => ({ ...mounted.route, value: mounted })));
    this.#byRoute = new Map(this.mounted.map((mounted) => [mounted.route, mounted]));
    this.#log = options.log;
    this.#maxInFlight = options.maxInFlight;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get doors(): Doors {
    return this.#doors;
  }

  /** `commits`: of a service that keeps something. */
  open(service: unknown, commits: CommitDoors | null = null): void {
    this.#service = service;
    this.#commits = commits;
    this.#doors = "open";
  }

  /** New work is refused from now on; resolves when what is in flight has been answered. */
  close(): Promise<void> {
    this.#doors = "closed";
    return this.#inFlight === 0 ? Promise.resolve() : new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /**
   * Asked before a request's body is read, which anybody could make as long as the route takes: null, or what is answered at
   * once. While the doors are closed `serve` says so: a gateway does not know yet who asks.
   */
  refuse(mounted: MountedRoute, caller: Caller): ProblemAnswer | null {
    if (this.#doors !== "open" && !mounted.always) return null;
    const refusal = refuseAccess(mounted.route.access, caller);
    if (refusal !== null) mounted.timer.observe(refusal.status, 0);
    return refusal;
  }

  /** A request from a socket: nothing of it is trusted yet. */
  serve(mounted: MountedRoute, raw: RawRequest, caller: Caller): Answer {
    const started = stopwatchMs();
    const refusal =
      this.#refuse(mounted) ??
      refuseAccess(mounted.route.access, caller) ??
      mounted.schemas.params(raw.params);
    if (refusal !== null) return this.#answered(mounted, started, refusal);
    const query = mounted.schemas.query(raw.query);
    if ("refusal" in query) return this.#answered(mounted, started, query.refusal);
    const body = mounted.schemas.body(raw.body);
    if ("refusal" in body) return this.#answered(mounted, started, body.refusal);
    const keyless = refuseKey(mounted.route, raw.headers);
    if (keyless !== null) return this.#answered(mounted, started, keyless);
    const request = {
      params: raw.params,
      query: query.value as RouteRequest["query"],
      body: body.value,
      headers: raw.headers,
      principal: caller.principal,
      requestId: raw.requestId,
      gone: raw.gone,
    };
    return this.#run(mounted, started, request, raw.headers.traceparent);
  }

  /** From a gateway in this process: authenticated and validated there, with the same schemas. */
  forward(route: AnyRoute, request: RouteRequest): Answer {
    const mounted = this.#byRoute.get(route);
    if (mounted === undefined) return noRoute(route.method, route.path);
    const started = stopwatchMs();
    const refusal = this.#refuse(mounted);
    return refusal === null
      ? this.#run(mounted, started, request)
      : this.#answered(mounted, started, refusal);
  }

  /** From another service in this process: one of ours, whose types are checked. */
  call(request: PeerRequest, requestId: string): Answer {
    const found = this.#table.find(request.method, request.path);
    if (found === null) return noRoute(request.method, request.path);
    const mounted = found.value;
    const started = stopwatchMs();
    const { signal } = request;
    const query = mounted.schemas.query(request.query ?? {});
    const refusal = this.#refuse(mounted) ?? ("refusal" in query ? query.refusal : null);
    if (refusal !== null || "refusal" in query)
      return this.#answered(mounted, started, refusal as ProblemAnswer);
    return this.#run(mounted, started, {
      params: found.params,
      query: query.value as RouteRequest["query"],
      body: request.body,
      headers: {},
      principal: null,
      requestId,
      ...(signal === undefined ? {} : { gone: () => signal }),
    });
  }

  /** What a path without a route is answered. */
  notFound(method: string, path: string): ProblemAnswer {
    const allowed = this.#table.methods(path);
    if (allowed.length === 0) return noRoute(method, path);
    return problem("method_not_allowed", `${method} is not among ${allowed.join(", ")}`, {
      headers: { allow: allowed.join(", ") },
    });
  }

  #refuse(mounted: MountedRoute): ProblemAnswer | null {
    if (mounted.always) return null;
    if (this.#doors === "starting") return problem("not_ready", `${this.name} is starting`);
    if (this.#doors === "closed") {
      return problem("draining", `${this.name} is shutting down`, { headers: { connection: "close" } });
    }
    if (this.#inFlight < this.#maxInFlight) return null;
    return problem("queue_full", `${this.name} works on ${this.#inFlight} requests already`);
  }

  /** `traceparent`: of a caller outside the process; neighbours are in the active span already. */
  #run(mounted: MountedRoute, started: number, request: RouteRequest, traceparent?: string): Answer {
    if (!tracingEnabled()) return this.#handle(mounted, started, request);
    const { method, path } = mounted.route;
    return inSpan(
      {
        name: `${method} ${path}`,
        kind: "server",
        traceparent,
        attributes: {
          "http.request.method": method,
          "http.route": path,
          "bourse.service": this.name,
          "bourse.request_id": request.requestId,
        },
      },
      (span) => {
        const note = (answer: RouteAnswer): RouteAnswer => {
          span.set("http.response.status_code", answer.status);
          if (answer.status >= 500) span.fail();
          return answer;
        };
        const answer = this.#handle(mounted, started, request);
        return answer instanceof Promise ? answer.then(note) : note(answer);
      },
    );
  }

  #handle(mounted: MountedRoute, started: number, request: RouteRequest): Answer {
    if (!mounted.always) this.#inFlight += 1;
    try {
      // A gateway's own handler only forwards.
      const commit =
        mounted.keepsAnswers && this.#commits !== null
          ? answerCommit(this.#commits, mounted.route, request)
          : noAnswerCommit;
      const answer = mounted.route.handle(this.#service as never, request, commit);
      if (!(answer instanceof Promise)) return this.#finished(mounted, started, answer);
      return answer.then(
        (value) => this.#finished(mounted, started, value),
        (error: unknown) => this.#failed(mounted, started, request.requestId, error),
      );
    } catch (error) {
      return this.#failed(mounted, started, request.requestId, error);
    }
  }

  #failed(mounted: MountedRoute, started: number, requestId: string, error: unknown): RouteAnswer {
    const answer = answerForError(error, requestId);
    const what = { err: error, requestId, route: `${mounted.route.method} ${mounted.route.path}` };
    if (isOutage(error)) this.#log.warn(what, "a request met an outage");
    else if (answer.status >= 500) this.#log.error(what, "a request failed");
    return this.#finished(mounted, started, answer);
  }

  #finished(mounted: MountedRoute, started: number, answer: RouteAnswer): RouteAnswer {
    if (mounted.always) return this.#answered(mounted, started, answer);
    this.#inFlight -= 1;
    if (this.#inFlight === 0 && this.#whenIdle.length > 0) {
      for (const resolve of this.#whenIdle.splice(0)) resolve();
    }
    return this.#answered(mounted, started, answer);
  }

  #answered(mounted: MountedRoute, started: number, answer: RouteAnswer): RouteAnswer {
    mounted.timer.observe(answer.status, stopwatchMs() - started);
    return answer;
  }
}

function noRoute(method: string, path: string): ProblemAnswer {
  return problem("route_not_found", `there is no ${method} ${path.slice(0, 200)}`);
}
