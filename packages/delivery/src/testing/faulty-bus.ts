import {
  BusError,
  type ConsumeOptions,
  type EventBus,
  type OutgoingBatch,
  type TopicPartition,
} from "@bourse/bus";
import { busWith } from "./bus-with.ts";

/** A bus whose sends can be made to fail, or to wait, and its readers to be slow. Everything else goes through. */
export interface FaultyBus {
  readonly bus: EventBus;
  /** Every batch that was tried, in order of the calls. */
  readonly tried: OutgoingBatch[];
  /** What the next sends come to: `lost` writes nothing, `unknown` writes all, both reject. */
  failNext(...faults: readonly ("lost" | "unknown")[]): void;
  /** Records of this partition are refused for good, in every topic; those sent with them are written. null: none are. */
  refuse(partition: number | null): void;
  /** Members of groups are told that what a partition has is no records. */
  spoil(at: TopicPartition): void;
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
  const members: ConsumeOptions[] = [];
  let gate: Promise<void> = Promise.resolve();
  let isCut = false;
  let slow = 0;
  let refused: number | null = null;
  const failure = (): BusError => new BusError("bus_outcome_unknown", "injected", { retryable: true });
  const send: EventBus["send"] = async (batches) => {
    tried.push(...batches);
    await gate;
    if (isCut) return new Promise(() => undefined);
    const fault = faults.shift();
    if (fault === "lost") throw failure();
    const taken = batches.filter(({ partition }) => partition !== refused);
    const sent = await real.send(taken);
    if (taken.length < batches.length)
      throw new BusError("bus_refused", "injected: MESSAGE_TOO_LARGE", { retryable: false });
    if (fault === "unknown") throw failure();
    return sent;
  };
  const consume: EventBus["consume"] = async (options) => {
    members.push(options);
    return real.consume(options);
  };
  const read: EventBus["read"] = async (options) => {
    const reader = await real.read(options);
    return {
      take: (maxRecords) => reader.take(maxRecords),
      poll: async (maxRecords, waitMs) => (slow-- > 0 ? [] : reader.poll(maxRecords, waitMs)),
      close: () => reader.close(),
    };
  };
  return {
    bus: busWith(real, { send, read, consume }),
    tried,
    failNext: (...next) => {
      faults.push(...next);
    },
    refuse: (partition) => {
      refused = partition;
    },
    spoil: (at) => {
      const error = new BusError("unreadable_batch", "injected: checksum", { retryable: false });
      for (const { onUnreadable } of members) onUnreadable?.(at, error);
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
