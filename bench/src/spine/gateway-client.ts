import { Pool } from "undici";

/** Any answer but 2xx. */
export class GatewayRefusal extends Error {
  override readonly name = "GatewayRefusal";
  readonly status: number;

  constructor(status: number, words: string) {
    super(words);
    this.status = status;
  }
}

/** The public API for what is not measured: setting up, asking how things stand, tailing a topic. */
export class GatewayClient {
  readonly #pool: Pool;
  readonly #key: string;

  constructor(options: { readonly url: string; readonly key: string; readonly connections: number }) {
    this.#pool = new Pool(options.url, { connections: options.connections, pipelining: 1 });
    this.#key = options.key;
  }

  get<Answer>(path: string): Promise<Answer> {
    return this.call("GET", path);
  }

  /** Rejects with `GatewayRefusal` for any status but 2xx. */
  async call<Answer>(method: "GET" | "POST", path: string, body?: object, key?: string): Promise<Answer> {
    return JSON.parse(await this.text(method, path, body, key)) as Answer;
  }

  /** As `call`, not parsed yet. */
  async text(method: "GET" | "POST", path: string, body?: object, key?: string): Promise<string> {
    const answer = await this.#pool.request({
      method,
      path,
      headers: {
        authorization: `Bearer ${this.#key}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(key === undefined ? {} : { "idempotency-key": key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300)
      throw new GatewayRefusal(
        answer.statusCode,
        `${method} ${path}: ${answer.statusCode} ${text.slice(0, 500)}`,
      );
    return text;
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }
}
