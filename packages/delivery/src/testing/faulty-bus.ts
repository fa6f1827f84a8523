import { BusError, type EventBus, type OutgoingBatch } from "@bourse/bus";

/** A bus whose sends can be made to fail, or to wait, and its readers to be slow. Everything else goes through. */
export interface FaultyBus {
  readonly bus: EventBus;
  /** Every batch that was tried, in order of the calls. */
  readonly tried: OutgoingBatch[];
  /** What the next sends come to: `lost` writes nothing, `unknown` writes all, both reject. */
  failNext(...faults: readonly ("lost" | "unknown")[]): void;
  /** Sends wait until the returned function is called. */
  hold(): () => void;
  /** So many polls of readers find nothing in their time, as of a broker that is slow. */
  slowPolls(count: number): void;
  /** The process is gone: nothing of what it still tries reaches the topics. */
  cut(): void;
}

export function faultyBus(real: EventBus): FaultyBus {
  const faults: ("lost" | "unknown")[] = [];
  const tried: OutgoingBatch[] = [];
  let gate: Promise<void> = Promise.resolve();
  let isCut = false;
  let slow = 0;
  const failure = (): BusError => new BusError("bus_outcome_unknown", "injected", { retryable: true });
  const send: EventBus["send"] = async (batches) => {
    tried.push(...batches);
    await gate;
    if (isCut) return new Promise(() => undefined);
    const fault = faults.shift();
    if (fault === "lost") throw failure();
    const sent = await real.send(batches);
    if (fault === "unknown") throw failure();
    return sent;
  };
  const read: EventBus["read"] = async (options) => {
    const reader = await real.read(options);
    return {
      take: (maxRecords) => reader.take(maxRecords),
      poll: async (maxRecords, waitMs) => (slow-- > 0 ? [] : reader.poll(maxRecords, waitMs)),
      close: () => reader.close(),
    };
  };
  const bus = new Proxy(real, {
    get: (target, property) => {
      if (property === "send") return send;
      if (property === "read") return read;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return {
    bus,
    tried,
    failNext: (...next) => {
      faults.push(...next);
    },
    hold: () => {
      let release: () => void = () => undefined;
      gate = new Promise((resolve) => {
        release = resolve;
      });
      return release;
    },
    slowPolls: (count) => {
      slow = count;
    },
    cut: () => {
      isCut = true;
    },
  };
}
