import { collectDefaultMetrics, type Metric, Registry } from "prom-client";

/** Seconds. From what memory answers to what a client gives up on. */
const BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

let processRegistry: Registry | undefined;

/** Node's own figures (heap, event loop lag, collections), collected once however many services share the process. */
export function processMetrics(): Registry {
  if (processRegistry === undefined) {
    processRegistry = new Registry();
    collectDefaultMetrics({ register: processRegistry });
  }
  return processRegistry;
}

/** A service's own registry: every series carries its name. */
export function createRegistry(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  return registry;
}

/** What `/metrics` answers: the service's own series and the process's. */
export async function exposition(registry: Registry): Promise<string> {
  return `${await registry.metrics()}\n${await processMetrics().metrics()}`;
}

/** The monotonic clock of measurements, in milliseconds. Decisions never see it (R16). */
export function stopwatchMs(): number {
  return performance.now();
}

/** Durations of one route. */
export interface RouteTimer {
  observe(status: number, durationMs: number): void;
}

/**
 * `http_request_duration_seconds` by route, method and status. Counts live in plain arrays and take the library's form
 * only when they are read: an observation hashes no labels.
 */
export class RequestDurations {
  readonly #series: Series[] = [];

  constructor(registry: Registry) {
    const name = "http_request_duration_seconds";
    const metric = {
      name,
      help: "Time from a request's arrival to its answer, by route, method and status",
      type: "histogram",
      aggregator: "sum",
      get: () =>
        Promise.resolve({
          name,
          help: metric.help,
          type: "histogram",
          aggregator: "sum",
          values: this.#series.flatMap((series) => series.values(name)),
        }),
      reset: () => {
        this.#series.length = 0;
      },
    };
    // The registry asks for no more than this of a metric; its type names the library's own classes.
    registry.registerMetric(metric as unknown as Metric);
  }

  route(method: string, path: string): RouteTimer {
    const byStatus: (Series | undefined)[] = [];
    return {
      observe: (status, durationMs) => {
        let series = byStatus[status];
        if (series === undefined) {
          series = new Series(method, path, status);
          byStatus[status] = series;
          this.#series.push(series);
        }
        series.observe(durationMs / 1_000);
      },
    };
  }
}

class Series {
  readonly #labels: { readonly method: string; readonly route: string; readonly status: string };
  readonly #counts = new Float64Array(BUCKETS_S.length + 1);
  #sum = 0;

  constructor(method: string, route: string, status: number) {
    this.#labels = { method, route, status: String(status) };
  }

  observe(seconds: number): void {
    let bucket = 0;
    while (bucket < BUCKETS_S.length && seconds > (BUCKETS_S[bucket] as number)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#sum += seconds;
  }

  values(name: string): readonly object[] {
    let total = 0;
    const buckets = [...BUCKETS_S, "+Inf" as const].map((le, index) => {
      total += this.#counts[index] as number;
      return { metricName: `${name}_bucket`, labels: { ...this.#labels, le }, value: total };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels: this.#labels, value: this.#sum },
      { metricName: `${name}_count`, labels: this.#labels, value: total },
    ];
  }
}
