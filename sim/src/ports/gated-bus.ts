import { BusError, type EventBus, type GroupConsumer, type PartitionReader } from "@bourse/bus";
import type { CrashGate, PortCall } from "./crash-gate.ts";

/** The bus as one process reaches it: a send may be lost, or written without its answer coming back. */
export function gatedBus(bus: EventBus, gate: CrashGate): EventBus {
  const reading = (what: string): PortCall => ({
    port: "bus",
    what,
    writes: false,
    lost: null,
    refused: unavailable,
  });
  return {
    kind: bus.kind,
    ensureTopics: (topics) => gate.through(() => bus.ensureTopics(topics)),
    topics: () => gate.pass(reading("topics"), () => bus.topics()),
    send: (batches) => {
      const what = `send ${batches.map(({ topic, partition }) => `${topic}/${partition}`).join(" ")}`;
      const call = {
        port: "bus",
        what,
        writes: true,
        lost: outcomeUnknown,
        refused: outcomeUnknown,
        mayHang: true,
      } as const;
      return gate.pass(call, () => bus.send(batches));
    },
    consume: (options) =>
      gate.pass(reading(`join ${options.group}`), async () =>
        gatedConsumer(await bus.consume(options), options.group, gate),
      ),
    read: (options) =>
      gate.pass(reading(`read ${options.topic}/${options.partition}`), async () =>
        gatedReader(await bus.read(options), `${options.topic}/${options.partition}`, gate),
      ),
    offsets: (topic) => gate.through(() => bus.offsets(topic)),
    offsetsAt: (topic, timestampMs) =>
      gate.pass(reading(`offsets of ${topic}`), () => bus.offsetsAt(topic, timestampMs)),
    tail: (topic, partition, count) =>
      gate.pass(reading(`tail ${topic}/${partition}`), () => bus.tail(topic, partition, count)),
    groups: () => gate.through(() => bus.groups()),
    committed: (group) => gate.through(() => bus.committed(group)),
    close: () => gate.through(() => undefined),
  };
}

function gatedConsumer(consumer: GroupConsumer, group: string, gate: CrashGate): GroupConsumer {
  const commit: PortCall = {
    port: "bus",
    what: `commit offsets of ${group}`,
    writes: true,
    lost: unavailable,
    refused: unavailable,
  };
  return {
    get assigned() {
      return consumer.assigned;
    },
    get bufferedRecords() {
      return consumer.bufferedRecords;
    },
    take: (maxRecords) => taken(gate, group, consumer.take(maxRecords)),
    takeChunks: (maxRecords, isWanted) => taken(gate, group, consumer.takeChunks(maxRecords, isWanted)),
    commit: (positions) => gate.pass(commit, () => consumer.commit(positions)),
    pause: (at) => consumer.pause(at),
    resume: (at) => consumer.resume(at),
    seek: (at, position) => consumer.seek(at, position),
    close: () => gate.through(() => consumer.close()),
  };
}

function gatedReader(reader: PartitionReader, what: string, gate: CrashGate): PartitionReader {
  return {
    take: (maxRecords) => taken(gate, what, reader.take(maxRecords)),
    poll: (maxRecords, waitMs) => taken(gate, what, reader.poll(maxRecords, waitMs)),
    close: () => gate.through(() => reader.close()),
  };
}

/** Counted when records come, not while they are waited for. */
async function taken<T>(gate: CrashGate, what: string, coming: Promise<T>): Promise<T> {
  const records = await gate.through(() => coming);
  return await gate.pass({ port: "take", what, writes: false, lost: null, refused: null }, () => records);
}

function unavailable(): BusError {
  return new BusError("bus_unavailable", "the broker does not answer", { retryable: true });
}

function outcomeUnknown(): BusError {
  return new BusError("bus_outcome_unknown", "the broker's answer was lost", { retryable: true });
}
