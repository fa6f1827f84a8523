import { Recorded } from "../percentiles.ts";
import { AnswerCount } from "./answers.ts";
import { coresSince, cpuNow, latencyOf } from "./latency.ts";
import { LoadConnection } from "./load-connection.ts";
import type { JobOrders, OpenLoop, OpenLoopResult } from "./load-jobs.ts";
import { OrderFlow } from "./order-flow.ts";
import { OrderRequests } from "./order-requests.ts";
import { followSettlements, type SettledTrades, withoutSettlements } from "./settlement-follower.ts";

const TICK_MS = 1;
const ORDER_ID = /"orderId":"([0-9a-f]{32})"/;

/**
 * Orders are due at fixed moments and are measured from then, whether or not a connection was free or the client late:
 * a platform that stands still for a second is not spared the second's orders.
 */
export async function runOpenLoop(job: OpenLoop & JobOrders): Promise<OpenLoopResult> {
  const failed = Promise.withResolvers<never>();
  const connections = await Promise.all(
    Array.from({ length: job.connections }, () => LoadConnection.open(job.desk.gatewayUrl, failed.reject)),
  );
  const follower = job.settles ? await followSettlements(job.desk) : withoutSettlements();
  try {
    const load = new SteadyLoad(job, connections);
    await Promise.race([load.run(), failed.promise, follower.failed]);
    return load.result(await follower.finish());
  } finally {
    for (const connection of connections) connection.close();
    await follower.close();
  }
}

class SteadyLoad {
  readonly #job: OpenLoop;
  readonly #requests: OrderRequests;
  readonly #free: LoadConnection[];
  readonly #answers = new AnswerCount();
  readonly #acknowledgements = new Recorded();
  readonly #delays = new Recorded();
  /** When each acknowledged order was due, by order id. */
  readonly #dueMs = new Map<string, number>();
  readonly #began = cpuNow();
  readonly #total: number;
  readonly #done = Promise.withResolvers<void>();
  /** Orders that were due before now and those of them that were sent, and answered. */
  #due = 0;
  #sent = 0;
  #answered = 0;

  constructor(job: OpenLoop & JobOrders, connections: readonly LoadConnection[]) {
    const { desk, seed, prefix, ordersPerSecond, warmupMs, measuredMs } = job;
    this.#job = job;
    this.#free = [...connections];
    const flow = new OrderFlow({ seed, size: desk.size });
    this.#requests = new OrderRequests(desk, flow, prefix);
    this.#total = Math.round((ordersPerSecond * (warmupMs + measuredMs)) / 1_000);
  }

  /** Resolves when every order has been answered. */
  run(): Promise<void> {
    this.#tick();
    return this.#done.promise;
  }

  #tick(): void {
    const elapsedMs = performance.now() - this.#began.atMs;
    this.#due = Math.min(this.#total, Math.floor((elapsedMs * this.#job.ordersPerSecond) / 1_000) + 1);
    this.#sendDue();
    if (this.#due < this.#total) setTimeout(() => this.#tick(), TICK_MS);
  }

  #sendDue(): void {
    while (this.#sent < this.#due) {
      const connection = this.#free.pop();
      if (connection === undefined) return;
      this.#send(connection, this.#began.atMs + (this.#sent * 1_000) / this.#job.ordersPerSecond);
      this.#sent += 1;
    }
  }

  #send(connection: LoadConnection, dueMs: number): void {
    const measured = dueMs >= this.#began.atMs + this.#job.warmupMs;
    if (measured) this.#delays.add(performance.now() - dueMs);
    connection.send(this.#requests.single(), (status, body) => {
      const nowMs = performance.now();
      if (this.#answers.single(status, body) === 1) {
        if (measured) this.#acknowledgements.add(nowMs - dueMs);
        const orderId = ORDER_ID.exec(body.toString("latin1"))?.[1];
        if (orderId !== undefined) this.#dueMs.set(orderId, dueMs);
      }
      this.#answered += 1;
      this.#free.push(connection);
      this.#sendDue();
      if (this.#answered === this.#total) this.#done.resolve();
    });
  }

  result(trades: SettledTrades): OpenLoopResult {
    const settlements = new Recorded();
    const measuredFromMs = this.#began.atMs + this.#job.warmupMs;
    for (const { takerOrderId, settledMs } of trades.settled) {
      const dueMs = this.#dueMs.get(takerOrderId);
      if (dueMs !== undefined && dueMs >= measuredFromMs) settlements.add(settledMs - dueMs);
    }
    return {
      kind: "open",
      acknowledged: this.#answers.acknowledged,
      refused: this.#answers.refused,
      acknowledgements: latencyOf(this.#acknowledgements),
      settlements: latencyOf(settlements),
      sendDelays: latencyOf(this.#delays),
      tradesSettled: trades.settled.length,
      tradesUnsettled: trades.unsettled,
      clientCores: coresSince(this.#began),
    };
  }
}
