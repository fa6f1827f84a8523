import { Counter, Gauge, type Registry } from "prom-client";

export interface IdempotencyMetrics {
  readonly requests: Counter<"outcome">;
  readonly rows: Gauge<never>;
  readonly expired: Counter<never>;
  readonly readBacks: Counter<never>;
}

export function createIdempotencyMetrics(registry: Registry, maxRows: number): IdempotencyMetrics {
  const registers = [registry];
  const name = (rest: string): string => `bourse_delivery_idempotency_${rest}`;
  new Gauge({ name: name("rows_limit"), help: "Answers that may be kept", registers }).set(maxRows);
  return {
    requests: new Counter({
      name: name("requests_total"),
      help: "Commands with a key, by what came of them",
      labelNames: ["outcome"],
      registers,
    }),
    rows: new Gauge({ name: name("rows"), help: "Answers kept, as last seen", registers }),
    expired: new Counter({
      name: name("expired_total"),
      help: "Answers removed after their time",
      registers,
    }),
    readBacks: new Counter({
      name: name("read_backs_total"),
      help: "Commits of unknown outcome that were read back by their key",
      registers,
    }),
  };
}
