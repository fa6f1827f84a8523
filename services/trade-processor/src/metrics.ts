import { Counter, Gauge, Histogram, type Registry } from "prom-client";

const LATENCY_BUCKETS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000, 30_000];
/** Finer than buckets, and bounded: one count for each millisecond, and one for all that took longer. */
const LATENCY_SPAN_MS = 10_000;
const OBSERVED_OF_BATCH = 16;

export interface ProcessorMetrics {
  readonly trades: Counter<"symbol">;
  readonly positions: Counter;
  readonly sinkRows: Counter<"sink">;
  /** From the event to the commit. Of each batch a few. */
  readonly eventLatency: Histogram;
  /** From the record in the log to the commit, of all of them. */
  readonly processed: LatencyCounts;
}

export function processorMetrics(registry: Registry): ProcessorMetrics {
  const registers = [registry];
  const processed = new LatencyCounts();
  // It asks when it is asked: a gauge of quantiles costs nothing until somebody looks.
  new Gauge({
    name: "trade_processor_processed_ms",
    help: "Quantiles from the record in the log to the commit of its results, since it was asked last",
    labelNames: ["quantile"],
    registers,
    collect() {
      for (const quantile of [0.5, 0.9, 0.99, 0.999])
        this.set({ quantile: String(quantile) }, processed.quantile(quantile));
      processed.reset();
    },
  });
  return {
    trades: new Counter({
      name: "trade_processor_trades_total",
      help: "Trades processed, with their results committed",
      labelNames: ["symbol"],
      registers,
    }),
    positions: new Counter({
      name: "trade_processor_positions_written_total",
      help: "Positions written: one a batch however many of its trades changed it",
      registers,
    }),
    sinkRows: new Counter({
      name: "trade_processor_sink_rows_total",
      help: "Trades written to a sink outside the service's database",
      labelNames: ["sink"],
      registers,
    }),
    eventLatency: new Histogram({
      name: "trade_processor_event_latency_ms",
      help: "From a trade's own time to the commit of its results, of a few of each batch",
      buckets: LATENCY_BUCKETS_MS,
      registers,
    }),
    processed,
  };
}

/** How often each latency in milliseconds was seen. */
export class LatencyCounts {
  readonly #counts = new Float64Array(LATENCY_SPAN_MS + 1);
  #total = 0;

  add(latencyMs: number): void {
    const place = latencyMs < 0 ? 0 : latencyMs > LATENCY_SPAN_MS ? LATENCY_SPAN_MS : Math.floor(latencyMs);
    this.#counts[place] = (this.#counts[place] ?? 0) + 1;
    this.#total++;
  }

  /** In milliseconds, 0 where nothing was seen. */
  quantile(quantile: number): number {
    const wanted = Math.ceil(this.#total * quantile);
    let seen = 0;
    for (let place = 0; place <= LATENCY_SPAN_MS; place++) {
      seen += this.#counts[place] ?? 0;
      if (seen >= wanted && seen > 0) return place;
    }
    return 0;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#total = 0;
  }
}

/** The places of a batch of so many that are observed one by one. */
export function* observedPlaces(count: number): Generator<number> {
  const step = Math.max(1, Math.ceil(count / OBSERVED_OF_BATCH));
  for (let place = 0; place < count; place += step) yield place;
}
