import { Gauge, type Registry } from "prom-client";
import type { Relay } from "./relay.ts";
import type { Runner } from "./status.ts";

/** Where the figures are read when Prometheus asks. */
export interface Observed {
  readonly runners: readonly Runner[];
  readonly relay: Relay | null;
  /** Whether the bus answered the last question for the ends of its logs. */
  readonly busAnswers: () => boolean;
}

const STATES_NAME = "bourse_delivery_subscription_state";
const STOPPED_NAME = "bourse_delivery_stopped_parts";

/** What alarms ask of delivery beyond counts: read at the moment of the scrape, so that no gauge can stand still. */
export function exposeStatus(registry: Registry, { runners, relay, busAnswers }: Observed): void {
  const registers = [registry];
  new Gauge({
    name: STATES_NAME,
    help: "1 for the state that a subscription is in: starting, running, retrying, stopped, closed",
    labelNames: ["subscription", "state"] as const,
    registers,
    collect() {
      this.reset();
      for (const runner of runners)
        this.set({ subscription: runner.subscription, state: runner.status().state }, 1);
    },
  });
  new Gauge({
    name: STOPPED_NAME,
    help: "Parts of a subscription (partitions, or all of it as one) that are stopped, by the error's code",
    labelNames: ["subscription", "code"] as const,
    registers,
    collect() {
      this.reset();
      for (const runner of runners)
        for (const [code, parts] of stoppedBy(runner))
          this.set({ subscription: runner.subscription, code }, parts);
    },
  });
  new Gauge({
    name: "bourse_delivery_bus_up",
    help: "Whether the bus answered when it was last asked where its logs end",
    registers,
    collect() {
      this.set(busAnswers() ? 1 : 0);
    },
  });
  if (relay !== null) exposeRelay(registers, relay);
}

function exposeRelay(registers: Registry[], relay: Relay): void {
  const labelNames = ["topic"] as const;
  const topics = [...relay.backlog().keys()];
  new Gauge({
    name: "bourse_delivery_relay_failing",
    help: "1 while the bus does not take the records of a topic",
    labelNames,
    registers,
    collect() {
      for (const topic of topics) this.set({ topic }, relay.failing.has(topic) ? 1 : 0);
    },
  });
  new Gauge({
    name: "bourse_delivery_relay_stopped_partitions",
    help: "Partitions of a topic whose relay has stopped: a number is missing in the outbox, or an invariant broke",
    labelNames,
    registers,
    collect() {
      const faults = relay.faultedPartitions();
      for (const topic of topics) this.set({ topic }, faults.get(topic) ?? 0);
    },
  });
  new Gauge({
    name: "bourse_delivery_outbox_waiting_seconds",
    help: "How long committed events of a topic have waited without one of their partition being acknowledged",
    labelNames,
    registers,
    collect() {
      const waits = relay.longestWaitsMs();
      for (const topic of topics) this.set({ topic }, (waits.get(topic) ?? 0) / 1_000);
    },
  });
}

/** A whole subscription that is stopped counts as one part, however many partitions it has. */
function stoppedBy(runner: Runner): ReadonlyMap<string, number> {
  const { state, reason, partitions } = runner.status();
  const reasons =
    state === "stopped"
      ? [reason]
      : partitions.filter((at) => at.state === "stopped").map(({ error }) => error);
  const counts = new Map<string, number>();
  for (const each of reasons) {
    const code = codeOf(each);
    counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return counts;
}

/** Of an operational error, as `reasonOf` writes it; what has none is an invariant or a programming error. */
function codeOf(reason: string | null): string {
  return /^([a-z]+(?:_[a-z]+)+): /.exec(reason ?? "")?.[1] ?? "invariant";
}
