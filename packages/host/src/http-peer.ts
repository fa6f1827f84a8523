import type { Timer } from "@bourse/base";
import { Pool } from "undici";
import type { AnyRoute, PeerRequest, RouteAnswer, RouteRequest } from "./definition.ts";
import { PeerError } from "./peer-error.ts";
import { INTERNAL_TOKEN_HEADER, PRINCIPAL_HEADER } from "./principal.ts";
import { currentTraceparent } from "./tracing.ts";

/** Shorter than the server's own keep-alive (72 s), so that it is never the server who closes under a request. */
const KEEP_ALIVE_MS = 30_000;
const CONNECT_TIMEOUT_MS = 2_000;
const CONNECTIONS = 128;

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

/** Failures before anything was sent. */
const NOT_SENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_CLOSED",
  "UND_ERR_DESTROYED",
]);

/** Another service over HTTP, with connections kept open. A circuit breaker would stand in `#send` (R12). */
export class HttpPeer {
  readonly #service: string;
  readonly #pool: Pool;
  readonly #internalToken: string;
  readonly #timer: Timer;

  constructor(options: {
    readonly service: string;
    readonly url: string;
    readonly internalToken: string;
    readonly timer: Timer;
  }) {
    this.#service = options.service;
    this.#timer = options.timer;
    this.#internalToken = options.internalToken;
    this.#pool = new Pool(options.url, {
      connections: CONNECTIONS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connect: { timeout: CONNECT_TIMEOUT_MS },
      // One timeout a call, ours: see #send.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** A call of one service to another, on nobody's behalf. Rejects with `PeerError` where there is no answer. */
  call(request: PeerRequest, requestId: string, timeoutMs: number): Promise<RouteAnswer> {
    const path =
      request.query === undefined ? request.path : `${request.path}?${new URLSearchParams(request.query)}`;
    return this.#send(request.method, path, request.body, { "x-request-id": requestId }, timeoutMs);
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

  close(): Promise<void> {
    return this.#pool.destroy();
  }

  async #send(
    method: PeerRequest["method"] | "PATCH",
    path: string,
    body: unknown,
    headers: Record<string, string>,
    timeoutMs: number,
  ): Promise<RouteAnswer> {
    headers[INTERNAL_TOKEN_HEADER] = this.#internalToken;
    if (body !== undefined) headers["content-type"] = "application/json";
    const traceparent = currentTraceparent();
    if (traceparent !== undefined) headers.traceparent = traceparent;
    const abort = new AbortController();
    const cancelTimeout = this.#timer.after(timeoutMs, () => abort.abort());
    try {
      const answer = await this.#pool.request({
        method,
        path,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        signal: abort.signal,
      });
      return { status: answer.statusCode, headers: passedOn(answer.headers), body: await answer.body.text() };
    } catch (error) {
      throw this.#failure(error as Error & { code?: string }, method, timeoutMs, abort.signal.aborted);
    } finally {
      cancelTimeout();
    }
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
