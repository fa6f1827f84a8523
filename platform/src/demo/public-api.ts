/** A client of the public API like anyone's: base address, a key, JSON. */
export class PublicApi {
  readonly #url: string;
  readonly #key: string;

  constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  /** Rejects where there is no answer, and for any status but 2xx unless it is in `accept`. */
  async call<Answer>(
    method: string,
    path: string,
    options: {
      readonly body?: unknown;
      readonly idempotencyKey?: string;
      readonly accept?: readonly number[];
    } = {},
  ): Promise<Answer> {
    const { body, idempotencyKey, accept = [] } = options;
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#key}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(15_000),
    });
    const text = await response.text();
    if (!response.ok && !accept.includes(response.status))
      throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
    return JSON.parse(text) as Answer;
  }
}
