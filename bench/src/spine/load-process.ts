import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type {
  ClosedLoop,
  ClosedLoopResult,
  JobOrders,
  LoadJob,
  LoadMessage,
  LoadResult,
  OpenLoop,
  OpenLoopResult,
} from "./load-jobs.ts";

/** The load client in its own process, so that neither its work nor its garbage is counted as the platform's. */
export class LoadProcess {
  readonly #child: ChildProcess = fork(join(import.meta.dirname, "load-client.ts"));
  /** Told once, so that no run listens on after it is over. */
  readonly #ended: Promise<never> = once(this.#child, "exit").then(([code]) => {
    throw new Error(`the load client ended with code ${code}`);
  });

  constructor() {
    this.#ended.catch(() => {});
  }

  run(job: ClosedLoop & JobOrders): Promise<ClosedLoopResult>;
  run(job: OpenLoop & JobOrders): Promise<OpenLoopResult>;
  run(job: LoadJob): Promise<LoadResult>;
  async run(job: LoadJob): Promise<LoadResult> {
    const answered = once(this.#child, "message") as Promise<[LoadMessage]>;
    this.#child.send(job);
    const [message] = await Promise.race([answered, this.#ended]);
    if ("failed" in message) throw new Error(`the load client failed: ${message.failed}`);
    return message.result;
  }

  close(): void {
    if (this.#child.connected) this.#child.disconnect();
  }
}
