import { runClosedLoop } from "./closed-loop.ts";
import type { LoadJob, LoadMessage } from "./load-jobs.ts";
import { runOpenLoop } from "./open-loop.ts";

/** The process of the load client: runs one job after the other that its parent sends it, and ends with the parent. */

process.on("message", (job: LoadJob) => {
  const running = job.kind === "closed" ? runClosedLoop(job) : runOpenLoop(job);
  running.then(
    (result) => answer({ result }),
    (error: unknown) => answer({ failed: error instanceof Error ? error.message : String(error) }),
  );
});
process.on("disconnect", () => process.exit());

function answer(message: LoadMessage): void {
  process.send?.(message);
}
