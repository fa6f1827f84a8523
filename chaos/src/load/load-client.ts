import { seededRandom } from "@bourse/base";
import { Pool } from "undici";
import { knowledgeOf, type OrderFacts, type Outcome, type Wish } from "../journal/entries.ts";
import type { Journal } from "../journal/journal.ts";
import { Seen } from "./seen.ts";
import { Wishes } from "./wishes.ts";

export interface LoadOptions {
  readonly url: string;
  /** The operator's: it places for every account. */
  readonly key: string;
  readonly journal: Journal;
  readonly seed: number;
  /** Of the client order ids. */
  readonly prefix: string;
  readonly ordersPerSecond: number;
}

/** A client that has waited this long cuts the connection: what became of the request is unknown then. */
const TIMEOUT_MS = 5_000;
const MAX_IN_FLIGHT = 64;
const TICK_MS = 5;
/** Of what was not done or is unknown this share is sent once more with the same key, after a while. */
const RETRY_SHARE = 0.3;
const RETRY_AFTER_MS = 400;

/** Sends a steady flow of requests, whatever becomes of them, and writes each into the journal before it leaves. */
export class LoadClient {
  readonly seen = new Seen();
  readonly #options: LoadOptions;
  readonly #pool: Pool;
  readonly #random;
  readonly #wishes: Wishes;
  readonly #running = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | null = null;
  #startedMs = 0;
  #sent = 0;
  #inFlight = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.#wishes = new Wishes(this.#random, options.prefix);
    this.#pool = new Pool(options.url, {
      connections: MAX_IN_FLIGHT,
      pipelining: 1,
      connect: { timeout: 2_000 },
    });
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  start(): void {
    this.#startedMs = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Sends no more, and resolves when every request has its line in the journal. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    while (this.#running.size > 0) await Promise.all(this.#running);
    await this.#pool.destroy();
  }

  #tick(): void {
    const due = ((performance.now() - this.#startedMs) * this.#options.ordersPerSecond) / 1_000;
    // What a client could not send while its connections were taken it does not send later: it is a load, no queue.
    if (this.#inFlight >= MAX_IN_FLIGHT) this.#sent = Math.floor(due);
    while (this.#sent < due && this.#inFlight < MAX_IN_FLIGHT) {
      this.#sent += 1;
      const running: Promise<void> = this.#run().finally(() => this.#running.delete(running));
      this.#running.add(running);
    }
  }

  async #run(): Promise<void> {
    const { wish, accountId } = this.#wishes.next();
    const outcome = await this.#ask(wish, accountId);
    const knowledge = knowledgeOf(outcome);
    const mayTryAgain = knowledge === "unknown" || knowledge === "not-done";
    if (wish.kind !== "place" || !mayTryAgain || this.#random.next() >= RETRY_SHARE) return;
    await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS));
    await this.#ask(wish, accountId);
  }

  async #ask(wish: Wish, accountId: string): Promise<Outcome> {
    const request = this.#options.journal.begin(wish);
    this.#inFlight += 1;
    const outcome = await this.#send(wish).finally(() => {
      this.#inFlight -= 1;
    });
    this.#options.journal.settle(request, outcome);
    this.#noteFailure(outcome);
    if (wish.kind === "place" && outcome.kind === "answered" && outcome.order !== undefined) {
      const { symbol, clientOrderId } = wish.terms;
      this.seen.acknowledged(performance.now(), symbol);
      if (clientOrderId.includes("-far-"))
        this.#wishes.rests({ clientOrderId, orderId: outcome.order.orderId, accountId });
    }
    return outcome;
  }

  #noteFailure(outcome: Outcome): void {
    const atMs = performance.now();
    if (outcome.kind === "silence") {
      this.seen.failed({ atMs, what: outcome.why, retryable: true });
    } else if (outcome.status >= 500 || outcome.status === 429) {
      const { status, code = "" } = outcome;
      const retryable = status === 503 || status === 429;
      this.seen.failed({ atMs, what: `${status} ${code}`, retryable });
    }
  }

  async #send(wish: Wish): Promise<Outcome> {
    const { method, path, body } = requestOf(wish);
    try {
      const answer = await this.#pool.request({
        method,
        path,
        headers: { authorization: `Bearer ${this.#options.key}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await answer.body.text();
      return outcomeOf(answer.statusCode, text, wish.kind);
    } catch (error) {
      const { code, message } = error as Error & { code?: unknown };
      return { kind: "silence", why: typeof code === "string" ? code : message };
    }
  }
}

function requestOf(wish: Wish): {
  readonly method: "POST" | "PATCH" | "DELETE";
  readonly path: string;
  readonly body?: object;
} {
  switch (wish.kind) {
    case "place":
      return { method: "POST", path: "/api/v1/orders", body: wish.terms };
    case "amend":
      return { method: "PATCH", path: `/api/v1/orders/${wish.orderId}`, body: { quantity: wish.quantity } };
    case "cancel":
      return { method: "DELETE", path: `/api/v1/orders/${wish.orderId}` };
  }
}

function outcomeOf(status: number, text: string, kind: Wish["kind"]): Outcome {
  const body = parsed(text);
  const code = (body as { code?: unknown } | null)?.code;
  const named = typeof code === "string" ? { code } : status >= 400 ? { code: "not_a_problem_document" } : {};
  if (status < 300 && kind === "place") return { kind: "answered", status, order: body as OrderFacts };
  return { kind: "answered", status, ...named };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
