import assert from "node:assert/strict";
import { test } from "node:test";
import { Counter, Histogram } from "prom-client";
import { createRegistry, exposition, RequestDurations } from "./metrics.ts";

test("our histogram reads like the library's", async () => {
  const ours = createRegistry("order");
  const theirs = createRegistry("order");
  const reference = new Histogram({
    name: "http_request_duration_seconds",
    help: "Time from a request's arrival to its answer, by route, method and status",
    labelNames: ["method", "route", "status"],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [theirs],
  });
  const timer = new RequestDurations(ours).route("GET", "/x");
  for (const [status, seconds] of [
    [200, 0.0001],
    [200, 0.0005],
    [200, 0.3],
    [503, 99],
  ] as const) {
    timer.observe(status, seconds * 1_000);
    reference.observe({ method: "GET", route: "/x", status: String(status) }, seconds);
  }
  const lines = async (registry: typeof ours) =>
    (await registry.metrics()).trim().split("\n").map(sortLabels).sort();
  assert.deepEqual(await lines(ours), await lines(theirs));
});

test("every series of a service names it, beside the process's own", async () => {
  const registry = createRegistry("risk");
  new Counter({ name: "checks_total", help: "x", registers: [registry] }).inc();
  const text = await exposition(registry);
  assert.match(text, /checks_total\{service="risk"\} 1/);
  assert.match(text, /^process_cpu_user_seconds_total /m);
});

function sortLabels(line: string): string {
  return line.replace(/\{(.*)\}/, (_, labels: string) => `{${labels.split(",").sort().join(",")}}`);
}
