import { type NamedPoint, PointWorker } from "./point-worker.ts";

/** What the main process asks of a worker, and what it is answered. */
export type WorkerRequest =
  | { readonly kind: "points"; readonly flow: string }
  | { readonly kind: "run"; readonly point: NamedPoint };

/** Entry of a child process: one world, one request after the other. */
async function main(): Promise<void> {
  const worker = await PointWorker.start();
  process.send?.({ kind: "ready" });
  process.on("message", (request: WorkerRequest) => {
    const work = request.kind === "points" ? worker.points(request.flow) : worker.run(request.point);
    work.then(
      (answer) => process.send?.({ kind: "answer", answer }),
      (error: unknown) => process.send?.({ kind: "failed", message: (error as Error).stack }),
    );
  });
  // Whoever started it is gone: nobody waits for its answers.
  process.on("disconnect", () => process.exit(1));
}

await main();
