import createClient, { type Client } from "openapi-fetch";
import type { Paths } from "./api.gen.ts";
import { assertJson, ProblemError } from "./problem-error.ts";

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
 * those of the OpenAPI documents. A call rejects only where there is no answer, or one that no platform gives; see
 * `answerOf` for the others. Throws {@link ProblemError} `client_misconfigured` for an address or a key that can't be sent.
 */
export function bourseClient({ url = "", key, fetch }: ClientOptions): BourseClient {
  checkUrl(url);
  checkKey(key);
  const client = createClient<Paths>({
    baseUrl: url,
    ...(key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } }),
    ...(fetch === undefined ? {} : { fetch }),
  });
  client.use({ onResponse: ({ response }) => assertJson(response) });
  return client;
}

/** Each call would fail without a word about it, as if nobody had answered, and be tried again. */
function checkUrl(url: string): void {
  const protocol = url === "" ? "http:" : URL.parse(url)?.protocol;
  if (protocol !== "http:" && protocol !== "https:")
    throw misconfigured("url", url, "an http or https URL, such as http://127.0.0.1:8080");
}

/** What is no header can't be sent. A key is a secret: nothing of it is told. */
function checkKey(key = ""): void {
  if (!/^[\x21-\x7e]*\s*$/.test(key))
    throw misconfigured("key", "text with characters that no key has", "a key as it was issued");
}

function misconfigured(field: string, given: string, allowed: string): ProblemError {
  return new ProblemError({
    type: "about:blank",
    title: "The client can't be made",
    status: 400,
    code: "client_misconfigured",
    detail: `${field}: given ${given}, allowed ${allowed}`,
    errors: [{ field, given, allowed }],
  });
}
