import type { Random, Timer } from "@bourse/base";
import type { Registry } from "prom-client";
import { type Dispatcher, Pool } from "undici";
import { CircuitBreaker } from "./circuit-breaker.ts";
import type { AnyRoute, PeerRequest, RouteRequest } from "./definition.ts";
import { PeerError } from "./peer-error.ts";
import { BREAKER_STATE_VALUES, type PeerMetrics, peerMetrics } from "./peer-metrics.ts";
import { INTERNAL_TOKEN_HEADER, PRINCIPAL_HEADER } from "./principal.ts";
import { PROBLEM_TYPE, type ProblemDetails } from "./problem.ts";
import type { ProblemCode } from "./problem-catalogue.ts";
import type { RouteAnswer } from "./route-answer.ts";
import { currentTraceparent } from "./tracing.ts";

/** Shorter than the server's own keep-alive (72 s), so that it is never the server who closes under a request. */
const KEEP_ALIVE_MS = 30_000;
const CONNECT_TIMEOUT_MS = 2_000;
const CONNECTIONS = 128;
/** How often a call is sent that instances which are about to end do not take. */
const TRIES = 3;

/** What of a client's request its owner gets to see. */
const FORWARDED_HEADERS = [
  "idempotency-key",
  "if-match",
  "if-none-match",
  "accept",
  "accept-language",
  "user-agent",
];
/** What belongs to the connection between two services, and is not passed on to the client. */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "transfer-encoding",
  "content-length",
  "date",
  "x-request-id",
]);

/** Failures before anything was sent. Of `UND_ERR_DESTROYED`, our own `close`, that is not known. */
const NOT_SENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_CLOSED",
]);

/** Another service over HTTP, with connections kept open and a circuit breaker before it (R12). */
export class HttpPeer {
  readonly #service: string;
  readonly #url: string;
  readonly #internalToken: string;
  readonly #timer: Timer;
  readonly #metrics: PeerMetrics;
  readonly #breaker: CircuitBreaker;
  /** Closed, with calls that are still under way. */
  readonly #left = new Set<Pool>();
  #pool: Pool;

  constructor(options: {
    readonly service: string;
    readonly url: string;
    readonly internalToken: string;
    readonly timer: Timer;
    readonly random: Random;
    readonly metrics: Registry;
  }) {
    this.#service = options.service;
    this.#timer = options.timer;
    this.#internalToken = options.internalToken;
    this.#metrics = peerMetrics(options.metrics);
    this.#breaker = this.#openBreaker(options.random);
    this.#url = options.url;
    this.#pool = this.#openPool();
  }

  /** A call of one service to another, on nobody's behalf. Rejects with `PeerError` where there is no answer. */
  call(request: PeerRequest, requestId: string, timeoutMs: number): Promise<RouteAnswer> {
    const path =
      request.query === undefined ? request.path : `${request.path}?${new URLSearchParams(request.query)}`;
    const headers = { "x-request-id": requestId };
    return this.#send(request.method, path, request.body, headers, timeoutMs, request.signal);
  }

  /** A client's request on its way to the route's owner, with who makes it. */
  forward(route: AnyRoute, request: RouteRequest, timeoutMs: number): Promise<RouteAnswer> {
    const headers: Record<string, string> = { "x-request-id": request.requestId };
    for (const name of FORWARDED_HEADERS) {
      const value = request.headers[name];
      if (value !== undefined) headers[name] = value;
    }
    if (request.principal !== null) headers[PRINCIPAL_HEADER] = JSON.stringify(request.principal);
    return this.#send(route.method, addressOf(route.path, request), request.body, headers, timeoutMs);
  }

  async close(): Promise<void> {
    this.#breaker.close();
    await Promise.all([this.#pool, ...this.#left].map((pool) => pool.destroy()));
  }

  #openPool(): Pool {
    return new Pool(this.#url, {
      connections: CONNECTIONS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connect: { timeout: CONNECT_TIMEOUT_MS },
      // One timeout a call, ours: see #send.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** New connections are led to instances that stay; those of `pool` may lead to one that ends. What is under way there is answered. */
  #leave(pool: Pool): void {
    if (pool !== this.#pool) return;
    this.#pool = this.#openPool();
    this.#left.add(pool);
    void pool.close().finally(() => this.#left.delete(pool));
  }

  #openBreaker(random: Random): CircuitBreaker {
    const peer = this.#service;
    this.#metrics.state.set({ peer }, BREAKER_STATE_VALUES.closed);
    return new CircuitBreaker({
      timer: this.#timer,
      random,
      changed: (state) => {
        this.#metrics.state.set({ peer }, BREAKER_STATE_VALUES[state]);
        if (state === "open") this.#metrics.opened.inc({ peer });
      },
    });
  }

  async #send(
    method: PeerRequest["method"] | "PATCH",
    path: string,
    body: unknown,
    headers: Record<string, string>,
    timeoutMs: number,
    gone?: AbortSignal,
  ): Promise<RouteAnswer> {
    const admission = this.#breaker.admit();
    if (!admission.admitted) throw this.#notSent(admission.retryAfterMs);
    headers[INTERNAL_TOKEN_HEADER] = this.#internalToken;
    if (body !== undefined) headers["content-type"] = "application/json";
    const traceparent = currentTraceparent();
    if (traceparent !== undefined) headers.traceparent = traceparent;
    const abort = new AbortController();
    const cancelTimeout = this.#timer.after(timeoutMs, () => abort.abort());
    const request = {
      method,
      path,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      signal: gone === undefined ? abort.signal : AbortSignal.any([abort.signal, gone]),
    };
    try {
      for (let tries = 1; ; tries++) {
        const pool = this.#pool;
        const answer = await pool.request(request);
        const text = await answer.body.text();
        if (isDraining(answer, text)) {
          this.#leave(pool);
          if (tries < TRIES) continue;
        }
        admission.report(!isFailure(answer.statusCode, answer.headers["content-type"]));
        return { status: answer.statusCode, headers: passedOn(answer.headers), body: text };
      }
    } catch (error) {
      // That nobody waits any more says nothing of the other one.
      if (gone?.aborted !== true) admission.report(false);
      throw this.#failure(error as Error & { code?: string }, method, timeoutMs, abort.signal.aborted);
    } finally {
      cancelTimeout();
    }
  }

  /** The breaker is open: surely nothing was sent, so this is never an unknown outcome. */
  #notSent(retryAfterMs: number): PeerError {
    const service = this.#service;
    this.#metrics.refused.inc({ peer: service });
    const message = `${service} is not asked for now: its last calls failed`;
    return new PeerError("peer_unavailable", message, {
      service,
      retryAfterS: Math.ceil(retryAfterMs / 1_000),
    });
  }

  #failure(
    error: Error & { code?: string },
    method: string,
    timeoutMs: number,
    timedOut: boolean,
  ): PeerError {
    // A read changes nothing, so that a lost answer to it is as good as none.
    const code =
      NOT_SENT.has(error.code ?? "") || method === "GET" ? "peer_unavailable" : "peer_outcome_unknown";
    const what = timedOut ? `did not answer within ${timeoutMs} ms` : `can't be reached: ${error.message}`;
    return new PeerError(code, `${this.#service} ${what}`, { service: this.#service, cause: error });
  }
}

/** Nothing was done, and whoever says so is about to end: another instance of the service may take the call at once. */
function isDraining({ statusCode, headers }: Dispatcher.ResponseData, text: string): boolean {
  if (statusCode !== 503 || !isProblem(headers["content-type"])) return false;
  return (JSON.parse(text) as ProblemDetails).code === ("draining" satisfies ProblemCode);
}

/**
 * Refusals are answers, and so is a 503 by which a service says itself that it is not ready, full or behind: cancels
 * are taken while placements are refused so (R14), and a breaker would stop both. A 503 of something in between is not.
 */
function isFailure(status: number, contentType: string | string[] | undefined): boolean {
  if (status < 500) return false;
  return status !== 503 || !isProblem(contentType);
}

function isProblem(contentType: string | string[] | undefined): boolean {
  return String(contentType).startsWith(PROBLEM_TYPE);
}

function addressOf(path: string, request: RouteRequest): string {
  const filled = path.replace(/:([A-Za-z0-9_]+)/g, (_, name: string) =>
    encodeURIComponent(request.params[name] ?? ""),
  );
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(request.query)) {
    for (const item of Array.isArray(value) ? value : [value]) query.append(name, String(item));
  }
  const text = query.toString();
  return text === "" ? filled : `${filled}?${text}`;
}

function passedOn(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const result: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || HOP_BY_HOP.has(name)) continue;
    result[name] = typeof value === "string" ? value : value.join(", ");
  }
  return result;
}
