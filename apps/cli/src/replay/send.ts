import type { ProblemDetails } from "@bourse/host";
import type { GatewayClient } from "../client.ts";
import { describeProblem, isRetryableStatus } from "../client-errors.ts";
import { type Patience, persistently } from "../patience.ts";
import type { Batch } from "./batches.ts";
import type { OrderItem, PrintItem } from "./order-items.ts";

/** What became of everything that was sent. */
export interface Sent {
  readonly accepted: number;
  readonly rejected: number;
  readonly prints: number;
  readonly skipped: number;
  readonly batches: number;
  /** How often a batch was sent again because an answer was lost or something was away. */
  readonly retries: number;
  /** Refusals by problem code, and the first ones in words. */
  readonly refusals: ReadonlyMap<string, number>;
  readonly firstRefusals: readonly string[];
  /** The platform's order id of every placement, with the client order id it was placed under. */
  readonly clientOrderIds: ReadonlyMap<string, string>;
}

export interface SendOptions {
  readonly client: GatewayClient;
  readonly symbol: string;
  readonly patience: Patience;
  /** Waited for before a batch leaves. */
  readonly beforeBatch?: (batch: Batch) => Promise<void>;
  /** Told when a batch leaves and when its last answer is there. */
  readonly onBatch?: (batch: Batch, state: "sent" | "answered") => void;
}

interface ItemResult {
  readonly status: number;
  readonly order?: { readonly orderId: string; readonly clientOrderId?: string };
  readonly problem?: ProblemDetails;
}

const MAX_WORDS = 20;
/** A batch of a thousand orders behind others may take its time; longer than this something is wrong. */
const BATCH_TIMEOUT_MS = 60_000;

/**
 * Sends batches one after the other, so that the platform gets the commands in the recording's order; the next one is
 * made while one is in flight. A batch whose outcome is unknown, or of which an item met something that was away, is
 * sent again as it is: placements happen once by their client order id, amendments and cancels by their key (R10).
 */
export async function sendBatches(batches: AsyncIterator<Batch>, options: SendOptions): Promise<Sent> {
  const sending = new Sending(options);
  let next = batches.next();
  for (;;) {
    const { done, value: batch } = await next;
    if (done === true) return sending.outcome();
    const answered = sending.send(batch);
    next = batches.next();
    // Awaited below; until then its rejection must not count as unhandled.
    next.catch(() => undefined);
    await answered;
  }
}

class Sending {
  readonly #options: SendOptions;
  readonly #refusals = new Map<string, number>();
  readonly #firstRefusals: string[] = [];
  readonly #clientOrderIds = new Map<string, string>();
  #accepted = 0;
  #rejected = 0;
  #prints = 0;
  #skipped = 0;
  #batches = 0;
  #retries = 0;

  constructor(options: SendOptions) {
    this.#options = options;
  }

  async send(batch: Batch): Promise<void> {
    await this.#options.beforeBatch?.(batch);
    this.#options.onBatch?.(batch, "sent");
    await Promise.all([this.#sendItems(batch), this.#sendPrints(batch.prints)]);
    this.#skipped += batch.skipped;
    this.#batches++;
    this.#options.onBatch?.(batch, "answered");
  }

  outcome(): Sent {
    return {
      accepted: this.#accepted,
      rejected: this.#rejected,
      prints: this.#prints,
      skipped: this.#skipped,
      batches: this.#batches,
      retries: this.#retries,
      refusals: this.#refusals,
      firstRefusals: this.#firstRefusals,
      clientOrderIds: this.#clientOrderIds,
    };
  }

  async #sendItems(batch: Batch): Promise<void> {
    if (batch.items.length === 0) return;
    const { client, patience } = this.#options;
    const results = await persistently(
      patience,
      async () => {
        const answer = await client.request<{ results: readonly ItemResult[] }>({
          method: "POST",
          path: "/api/v1/orders/batch",
          body: batch.body,
          timeoutMs: BATCH_TIMEOUT_MS,
        });
        const { results } = answer.body;
        const unfinished = results.find(({ status }) => isRetryableStatus(status));
        return unfinished === undefined
          ? { done: results }
          : {
              again:
                unfinished.problem === undefined
                  ? String(unfinished.status)
                  : describeProblem(unfinished.problem),
            };
      },
      () => this.#retries++,
    );
    for (const [index, item] of batch.items.entries()) this.#count(item, results[index]);
  }

  async #sendPrints(prints: readonly PrintItem[]): Promise<void> {
    if (prints.length === 0) return;
    const { client, symbol, patience } = this.#options;
    const path = `/api/v1/markets/${encodeURIComponent(symbol)}/prints`;
    await persistently(
      patience,
      async () => ({ done: await client.post<unknown>(path, { prints }) }),
      () => this.#retries++,
    );
    this.#prints += prints.length;
    this.#accepted += prints.length;
  }

  #count(item: OrderItem, result: ItemResult | undefined): void {
    const problem = result?.problem;
    if (result !== undefined && problem === undefined && result.status < 400) {
      this.#accepted++;
      if (item.action === "PLACE" && result.order !== undefined)
        this.#clientOrderIds.set(result.order.orderId, item.clientOrderId);
      return;
    }
    this.#rejected++;
    const code = problem?.code ?? "no_answer";
    this.#refusals.set(code, (this.#refusals.get(code) ?? 0) + 1);
    if (this.#firstRefusals.length < MAX_WORDS)
      this.#firstRefusals.push(
        `${item.action} ${item.clientOrderId}: ${problem === undefined ? "no answer" : describeProblem(problem)}`,
      );
  }
}
