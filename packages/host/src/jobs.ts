import { OperationalError, type Timer } from "@bourse/base";
import type { Logger } from "pino";
import { Counter, type Registry } from "prom-client";
import type { Job } from "./definition.ts";
import { inSpan } from "./tracing.ts";

export interface RunningJobs {
  /** No run starts any more; resolves when those that run have ended. */
  stop(): Promise<void>;
}

/** Each job runs at once and again `everyMs` after its last run ended, so that a job never overlaps itself. */
export function startJobs(options: {
  readonly jobs: readonly Job<never>[];
  readonly service: unknown;
  readonly timer: Timer;
  readonly log: Logger;
  readonly metrics: Registry;
}): RunningJobs {
  const { jobs, service, timer, log, metrics } = options;
  const runs = new Counter({
    name: "job_runs_total",
    help: "Runs of a periodic job, by outcome",
    labelNames: ["job", "outcome"] as const,
    registers: [metrics],
  });
  // An alarm on an increase needs the zero before it.
  for (const { name } of jobs) runs.inc({ job: name, outcome: "failed" }, 0);
  let stopped = false;
  const cancels = new Map<string, () => void>();
  const running = new Set<Promise<void>>();

  const start = (job: Job<never>): void => {
    if (stopped) return;
    const run = runOnce(job).finally(() => {
      running.delete(run);
      if (!stopped)
        cancels.set(
          job.name,
          timer.after(job.everyMs, () => start(job)),
        );
    });
    running.add(run);
  };
  const runOnce = async (job: Job<never>): Promise<void> => {
    try {
      await inSpan({ name: `job ${job.name}`, kind: "internal" }, () => job.run(service as never));
      runs.inc({ job: job.name, outcome: "done" });
    } catch (error) {
      runs.inc({ job: job.name, outcome: "failed" });
      const told = "a job failed and will run again";
      // What does not answer is waited for (R12): while a platform starts, that is a neighbour which starts as well.
      if (error instanceof OperationalError && error.retryable)
        log.warn({ job: job.name, reason: `${error.code}: ${error.message}` }, told);
      else log.error({ err: error, job: job.name }, told);
    }
  };

  for (const job of jobs) start(job);
  return {
    async stop() {
      stopped = true;
      for (const cancel of cancels.values()) cancel();
      await Promise.all(running);
    },
  };
}
