import createClient, { type Client } from "openapi-fetch";
import type { Paths } from "./api.gen.ts";

export type BourseClient = Client<Paths>;

export interface ClientOptions {
  /** The gateway: `http://127.0.0.1:8080`. Default: where the page came from. */
  readonly url?: string;
  /** A machine key, or the operator's. Without one only public doors open. */
  readonly key?: string;
  /** What makes the requests. Default: the environment's own. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/**
 * The public API by its paths: `client.GET("/api/v1/markets/{symbol}/book", { params: { path: { symbol } } })`. Types are
 * those of the OpenAPI documents. A call rejects only where there is no answer; see `answerOf` for the others.
 */
export function bourseClient({ url = "", key, fetch }: ClientOptions): BourseClient {
  return createClient<Paths>({
    baseUrl: url,
    ...(key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } }),
    ...(fetch === undefined ? {} : { fetch }),
  });
}
