import type { Recorded } from "../percentiles.ts";
import type { Latency } from "./load-jobs.ts";

export function latencyOf(recorded: Recorded): Latency {
  return { ...recorded.at({ p50: 0.5, p99: 0.99, max: 1 }), count: recorded.count };
}

/** Cores that this process has used since `began`. */
export function coresSince(began: { readonly atMs: number; readonly cpu: NodeJS.CpuUsage }): number {
  const { user, system } = process.cpuUsage(began.cpu);
  return (user + system) / 1_000 / (performance.now() - began.atMs);
}

export function cpuNow(): { readonly atMs: number; readonly cpu: NodeJS.CpuUsage } {
  return { atMs: performance.now(), cpu: process.cpuUsage() };
}
