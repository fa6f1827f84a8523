import type { ProblemDetails } from "@bourse/host";
import { Pool } from "undici";
import { RefusedError, UnreachableError } from "./client-errors.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface ApiRequest {
  readonly method: Method;
  /** From the root, with what varies in it already encoded: `/api/v1/markets/BTC-USD/book`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  /** Sent as JSON; a string is JSON already. */
  readonly body?: unknown;
  readonly idempotencyKey?: string;
  /** Until the answer's head is there. Default 30 s. */
  readonly timeoutMs?: number;
}

export interface ApiAnswer<Body> {
  readonly status: number;
  readonly body: Body;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * The public API by keep-alive HTTP, as any client has it. Calls reject with `RefusedError` (an answer of 400 and
 * above) and `UnreachableError` (no answer); the second leaves open whether the request was done.
 */
export class GatewayClient {
  readonly url: string;
  readonly #pool: Pool;
  readonly #key: string | undefined;

  constructor(options: {
    readonly url: string;
    readonly key?: string | undefined;
    readonly connections?: number;
  }) {
    this.url = options.url.replace(/\/+$/, "");
    this.#key = options.key;
    this.#pool = new Pool(new URL(this.url).origin, {
      connections: options.connections ?? 16,
      // An answer to a request with a body is never mixed up with another's: one at a time on a connection.
      pipelining: 1,
      connect: { timeout: CONNECT_TIMEOUT_MS },
    });
  }

  async request<Body>(request: ApiRequest): Promise<ApiAnswer<Body>> {
    const { method, path, body, idempotencyKey, timeoutMs = DEFAULT_TIMEOUT_MS } = request;
    const headers: Record<string, string> = { accept: "application/json" };
    if (this.#key !== undefined) headers.authorization = `Bearer ${this.#key}`;
    if (idempotencyKey !== undefined) headers["idempotency-key"] = idempotencyKey;
    if (body !== undefined) headers["content-type"] = "application/json";
    let status: number;
    let text: string;
    try {
      const answer = await this.#pool.request({
        method,
        path: path + queryText(request.query),
        headers,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      status = answer.statusCode;
      text = await answer.body.text();
    } catch (error) {
      throw new UnreachableError(this.url, error);
    }
    const parsed = parse(text);
    if (status >= 400) throw new RefusedError(status, problemOf(status, parsed, text));
    return { status, body: parsed as Body };
  }

  async get<Body>(path: string, query?: ApiRequest["query"]): Promise<Body> {
    return (await this.request<Body>({ method: "GET", path, ...(query === undefined ? {} : { query }) }))
      .body;
  }

  async post<Body>(path: string, body?: unknown, more: Partial<ApiRequest> = {}): Promise<Body> {
    return (await this.request<Body>({ method: "POST", path, body, ...more })).body;
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }
}

function queryText(query: ApiRequest["query"]): string {
  if (query === undefined) return "";
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  }
  const text = search.toString();
  return text === "" ? "" : `?${text}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What answered may be no platform: a proxy, another program on the port. */
function problemOf(status: number, parsed: unknown, text: string): ProblemDetails {
  if (typeof parsed === "object" && parsed !== null && typeof (parsed as ProblemDetails).code === "string")
    return parsed as ProblemDetails;
  return {
    type: "about:blank",
    title: "An answer that is not the platform's",
    status,
    code: "not_a_problem_document",
    detail: text.slice(0, 200),
  };
}
