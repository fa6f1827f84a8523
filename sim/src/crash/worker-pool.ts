import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { NamedPoint, PointResult } from "./point-worker.ts";
import type { WorkerRequest } from "./worker-process.ts";

type Reply =
  | { readonly kind: "ready" }
  | { readonly kind: "answer"; readonly answer: unknown }
  | { readonly kind: "failed"; readonly message: string };

/** A process with a world of its own. */
export class WorkerHandle {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(): Promise<WorkerHandle> {
    const child = fork(fileURLToPath(new URL("./worker-process.ts", import.meta.url)), [], {
      // Some 70 MB live and much dies: marked whenever a third had come to it, a seventh of the processor went there (0042).
      execArgv: ["--max-old-space-size=512", "--heap-growing-percent=400"],
    });
    await nextReply(child);
    return new WorkerHandle(child);
  }

  points(flow: string): Promise<readonly NamedPoint[]> {
    return this.#ask({ kind: "points", flow });
  }

  run(point: NamedPoint): Promise<PointResult> {
    return this.#ask({ kind: "run", point });
  }

  stop(): void {
    this.#child.kill();
  }

  async #ask<T>(request: WorkerRequest): Promise<T> {
    this.#child.send(request);
    const reply = await nextReply(this.#child);
    if (reply.kind === "answer") return reply.answer as T;
    throw new Error(reply.kind === "failed" ? reply.message : "a worker answered out of turn");
  }
}

function nextReply(child: ChildProcess): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      child.off("message", message);
      child.off("exit", exit);
    };
    const message = (reply: unknown): void => {
      done();
      resolve(reply as Reply);
    };
    const exit = (code: number | null): void => {
      done();
      reject(new Error(`a worker ended with ${code}`));
    };
    child.on("message", message);
    child.on("exit", exit);
  });
}
