import { Recorded } from "../percentiles.ts";
import { AnswerCount } from "./answers.ts";
import { coresSince, cpuNow, latencyOf } from "./latency.ts";
import { LoadConnection } from "./load-connection.ts";
import type { ClosedLoop, ClosedLoopResult, JobOrders } from "./load-jobs.ts";
import { OrderFlow } from "./order-flow.ts";
import { OrderRequests } from "./order-requests.ts";

/** Runs until the last window is over and every request is answered, so that all that was sent is accounted for. */
export async function runClosedLoop(job: ClosedLoop & JobOrders): Promise<ClosedLoopResult> {
  const failed = Promise.withResolvers<never>();
  const connections = await Promise.all(
    Array.from({ length: job.connections }, () => LoadConnection.open(job.desk.gatewayUrl, failed.reject)),
  );
  try {
    const load = new RunningLoad(job);
    await Promise.race([
      Promise.all(connections.map((connection) => load.keepBusy(connection))),
      failed.promise,
    ]);
    return load.result();
  } finally {
    for (const connection of connections) connection.close();
  }
}

class RunningLoad {
  readonly #job: ClosedLoop;
  readonly #requests: OrderRequests;
  readonly #answers = new AnswerCount();
  readonly #latencies = new Recorded();
  readonly #windows: number[];
  readonly #began = cpuNow();
  readonly #measuredFromMs: number;
  readonly #endMs: number;

  constructor(job: ClosedLoop & JobOrders) {
    const { desk, seed, prefix, windows, windowMs, warmupMs } = job;
    this.#job = job;
    const flow = new OrderFlow({ seed, size: desk.size });
    this.#requests = new OrderRequests(desk, flow, prefix);
    this.#windows = new Array<number>(windows).fill(0);
    this.#measuredFromMs = this.#began.atMs + warmupMs;
    this.#endMs = this.#measuredFromMs + windows * windowMs;
  }

  /** Resolves with the answer to the connection's last request. */
  keepBusy(connection: LoadConnection): Promise<void> {
    const { batchSize } = this.#job;
    return new Promise((resolve) => {
      let sentMs = 0;
      const answered = (status: number, body: Buffer): void => {
        const nowMs = performance.now();
        const acknowledged =
          batchSize === 1 ? this.#answers.single(status, body) : this.#answers.batch(status, body, batchSize);
        this.#count(acknowledged, sentMs, nowMs);
        if (nowMs >= this.#endMs) resolve();
        else send();
      };
      const send = (): void => {
        const request = batchSize === 1 ? this.#requests.single() : this.#requests.batch(batchSize);
        sentMs = performance.now();
        connection.send(request, answered);
      };
      send();
    });
  }

  #count(acknowledged: number, sentMs: number, nowMs: number): void {
    if (nowMs < this.#measuredFromMs || nowMs >= this.#endMs) return;
    this.#latencies.add(nowMs - sentMs);
    const window = Math.floor((nowMs - this.#measuredFromMs) / this.#job.windowMs);
    this.#windows[window] = (this.#windows[window] ?? 0) + acknowledged;
  }

  result(): ClosedLoopResult {
    const { acknowledged, refused } = this.#answers;
    return {
      kind: "closed",
      acknowledged,
      refused,
      windowRates: this.#windows.map((orders) => orders / (this.#job.windowMs / 1_000)),
      requests: latencyOf(this.#latencies),
      clientCores: coresSince(this.#began),
    };
  }
}
