import type { RouteAnswer } from "@bourse/host";
import { OPERATOR_KEY } from "../world/incarnation.ts";
import type { ClientRequest } from "../world/serve-request.ts";
import { CutConnection, type Supervisor } from "../world/supervisor.ts";
import { isFinal, type Journal, type JournalEntry } from "./journal.ts";

/** A body as a client reads it. */
// biome-ignore lint/suspicious/noExplicitAny: a flow states the shape by what it reads
export type Answer = { readonly status: number; readonly body: any };

const RETRY_MS = 1_000;
const POLL_MS = 20;
/** After a long wait it is asked less often: an eighth of what was waited for, at most so long. */
const LONGEST_POLL_MS = 250;
/** Of several processes, each of which looks at what is left everywhere. */
const FLEET_POLL_MS = 500;

function pollAfter(waitedMs: number): number {
  return Math.min(Math.max(POLL_MS, Math.floor(waitedMs / 8)), LONGEST_POLL_MS);
}

/**
 * A client that follows the contract (R10): it writes a request down before it sends it, and sends the same one
 * again with the same key until it is told what became of it.
 */
export class Trader {
  readonly #supervisor: Supervisor;
  readonly #journal: JournalEntry[] = [];

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor;
  }

  get journal(): Journal {
    return this.#journal;
  }

  get supervisor(): Supervisor {
    return this.#supervisor;
  }

  place(accountId: string, clientOrderId: string, terms: object): Promise<Answer> {
    const body = { accountId, symbol: "BTC-USD", orderType: "LIMIT", clientOrderId, ...terms };
    return this.send("POST", "/api/v1/orders", { body, key: clientOrderId });
  }

  amend(orderId: string, key: string, change: object): Promise<Answer> {
    return this.send("PATCH", `/api/v1/orders/${orderId}`, { body: change, key });
  }

  cancel(orderId: string, key: string): Promise<Answer> {
    return this.send("DELETE", `/api/v1/orders/${orderId}`, { key });
  }

  get(path: string, query: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.#untilAnswered({ method: "GET", path, query, headers: headersOf(undefined, OPERATOR_KEY) });
  }

  send(
    method: ClientRequest["method"],
    path: string,
    options: {
      readonly body?: unknown;
      readonly query?: Readonly<Record<string, string>>;
      readonly key?: string;
      readonly as?: string;
    } = {},
  ): Promise<Answer> {
    const { body, query, key, as = OPERATOR_KEY } = options;
    return this.#untilAnswered({
      method,
      path,
      ...(query === undefined ? {} : { query }),
      ...(body === undefined ? {} : { body }),
      headers: headersOf(key, as),
    });
  }

  sleep(ms: number): Promise<void> {
    return this.#supervisor.world.time.timer.sleep(ms);
  }

  /** Until nothing is left to send or to consume anywhere, twice in a row. */
  async quiet(): Promise<void> {
    let waitedMs = 0;
    for (let still = 0; still < 2; ) {
      const reasons = await this.#supervisor.busy();
      still = reasons.length === 0 ? still + 1 : 0;
      const pauseMs = this.#supervisor.isFleet ? FLEET_POLL_MS : pollAfter(waitedMs);
      await this.sleep(pauseMs);
      waitedMs += pauseMs;
    }
  }

  async #untilAnswered(request: ClientRequest): Promise<Answer> {
    const entry: JournalEntry = { request, answers: [], final: null };
    this.#journal.push(entry);
    for (;;) {
      const answer = await this.#once(request);
      entry.answers.push(answer?.status ?? 0);
      if (answer !== null && isFinal(answer.status)) {
        const { status } = answer;
        const body: unknown = typeof answer.body === "string" ? answer.body : structuredClone(answer.body);
        entry.final = { status, body };
        return { status, body };
      }
      await this.sleep(RETRY_MS);
    }
  }

  async #once(request: ClientRequest): Promise<RouteAnswer | null> {
    try {
      return await this.#supervisor.request(request);
    } catch (error) {
      if (error instanceof CutConnection) return null;
      throw error;
    }
  }
}

function headersOf(key: string | undefined, as: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${as}`, ...(key === undefined ? {} : { "idempotency-key": key }) };
}

/** The flow can't go on as it would undisturbed; what it was told may still be right. */
export class UnexpectedAnswer extends Error {
  override readonly name = "UnexpectedAnswer";
}

/** What a flow could not have gone on without. */
export function expectStatus(answer: Answer, ...statuses: readonly number[]): Answer {
  if (statuses.includes(answer.status)) return answer;
  throw new UnexpectedAnswer(
    `answered ${answer.status} instead of ${statuses.join(" or ")}: ${JSON.stringify(answer.body)}`,
  );
}
