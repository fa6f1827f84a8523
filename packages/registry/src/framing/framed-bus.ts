import type { Timer } from "@bourse/base";
import { BusError, type EventBus, type OutgoingBatch, type OutgoingRecord } from "@bourse/bus";
import type { Topic } from "@bourse/contracts";
import { type SubjectSchema, type SubjectStrategy, subjectSchemas } from "../subjects.ts";
import type { Registration } from "./register-subjects.ts";

export interface FramedBusOptions {
  readonly bus: EventBus;
  readonly registration: Registration;
  readonly strategy: SubjectStrategy;
  /** Records of these topics are framed, and of others as they are. */
  readonly topics: readonly Topic[];
  readonly timer: Timer;
  /** How long a send waits for an id that is not known yet. Default 10,000. */
  readonly sendTimeoutMs?: number;
  /** Called once, after the bus is closed. */
  readonly closed?: () => Promise<void>;
}

const DEFAULT_SEND_TIMEOUT_MS = 10_000;

/**
 * The bus, with every record of the catalogue's topics framed with the id of its schema. Reading needs nothing: the bus
 * takes frames off, and gives what came without one as it is. A send whose id is not known yet waits for the registry,
 * with all that come after it, and rejects with `bus_unavailable` as it does for a broker that does not answer (R12).
 */
export function framedBus(options: FramedBusOptions): EventBus {
  const { bus, closed } = options;
  const framing = new Framing(options);
  return {
    kind: bus.kind,
    ensureTopics: (topics) => bus.ensureTopics(topics),
    topics: () => bus.topics(),
    send: async (batches) => bus.send(framing.framed(batches) ?? (await framing.framedLater(batches))),
    consume: (consumeOptions) => bus.consume(consumeOptions),
    read: (readOptions) => bus.read(readOptions),
    offsets: (topic) => bus.offsets(topic),
    offsetsAt: (topic, timestampMs) => bus.offsetsAt(topic, timestampMs),
    tail: (topic, partition, count) => bus.tail(topic, partition, count),
    groups: () => bus.groups(),
    committed: (group) => bus.committed(group),
    close: async () => {
      await bus.close();
      await closed?.();
    },
  };
}

/** The subjects of a topic by event type; "" where one is for all of them. */
interface Subjects {
  readonly byType: ReadonlyMap<string, SubjectSchema>;
  readonly untold: SubjectSchema | undefined;
}

class Framing {
  readonly #options: FramedBusOptions;
  readonly #subjects: ReadonlyMap<string, Subjects>;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(options: FramedBusOptions) {
    this.#options = options;
    const all = subjectSchemas(options.strategy, options.topics);
    const byTopic = Map.groupBy(all, ({ topic }) => topic);
    const plain = new Set(options.topics.filter(({ values }) => values === "plain").map(({ name }) => name));
    this.#subjects = new Map(
      [...byTopic].map(([topic, subjects]) => [
        topic,
        {
          byType: new Map(subjects.map((subject) => [subject.eventType ?? "", subject])),
          // A value that does not say its type is of the only event that its topic has of its own.
          untold: plain.has(topic) ? subjects[0] : undefined,
        },
      ]),
    );
  }

  /** Undefined where an id is missing, or an earlier send waits for one: order is kept. */
  framed(batches: readonly OutgoingBatch[]): readonly OutgoingBatch[] | undefined {
    if (this.#waiting > 0) return undefined;
    const framed: OutgoingBatch[] = [];
    for (const batch of batches) {
      const subjects = this.#subjects.get(batch.topic);
      const records = subjects === undefined ? batch.records : this.#framedRecords(batch.records, subjects);
      if (records === undefined) return undefined;
      framed.push(records === batch.records ? batch : { ...batch, records });
    }
    return framed;
  }

  async framedLater(batches: readonly OutgoingBatch[]): Promise<readonly OutgoingBatch[]> {
    this.#waiting++;
    const turn = this.#last.then(() => this.#resolveAll(batches));
    this.#last = turn.catch(() => undefined);
    try {
      await turn;
    } finally {
      this.#waiting--;
    }
    return batches.map((batch) => {
      const subjects = this.#subjects.get(batch.topic);
      const records = subjects === undefined ? undefined : this.#framedRecords(batch.records, subjects);
      return records === undefined ? batch : { ...batch, records };
    });
  }

  #framedRecords(
    records: readonly OutgoingRecord[],
    subjects: Subjects,
  ): readonly OutgoingRecord[] | undefined {
    const { registration } = this.#options;
    const framed: OutgoingRecord[] = [];
    for (const record of records) {
      const wanted = subjectFor(record, subjects);
      const schemaId = wanted === undefined ? undefined : registration.idOf(wanted.subject);
      if (wanted !== undefined && schemaId === undefined) return undefined;
      framed.push(schemaId === undefined ? record : { ...record, schemaId });
    }
    return framed;
  }

  async #resolveAll(batches: readonly OutgoingBatch[]): Promise<void> {
    const wanted = new Set<SubjectSchema>();
    for (const { topic, records } of batches) {
      const subjects = this.#subjects.get(topic);
      if (subjects === undefined) continue;
      for (const record of records) {
        const subject = subjectFor(record, subjects);
        if (subject !== undefined) wanted.add(subject);
      }
    }
    const { registration } = this.#options;
    await this.#inTime(Promise.all(Array.from(wanted, (subject) => registration.resolve(subject))));
  }

  async #inTime(work: Promise<unknown>): Promise<void> {
    const { timer, sendTimeoutMs = DEFAULT_SEND_TIMEOUT_MS } = this.#options;
    const { promise, reject } = Promise.withResolvers<never>();
    const cancel = timer.after(sendTimeoutMs, () =>
      reject(unavailable("the schema registry did not give an id in time")),
    );
    try {
      await Promise.race([work, promise]);
    } catch (cause) {
      if (cause instanceof BusError) throw cause;
      throw unavailable(cause instanceof Error ? cause.message : String(cause), cause);
    } finally {
      cancel();
    }
  }
}

/** Every value begins with its type (R3), so that it need not be parsed. */
const EVENT_TYPE = /^\{"eventType":"([A-Za-z0-9_]+)"/;

function subjectFor(
  { decoded, value }: OutgoingRecord,
  { byType, untold }: Subjects,
): SubjectSchema | undefined {
  const ofAll = byType.get("");
  if (ofAll !== undefined) return ofAll;
  const decodedType = (decoded as { readonly eventType?: unknown } | undefined)?.eventType;
  const eventType = typeof decodedType === "string" ? decodedType : EVENT_TYPE.exec(value)?.[1];
  return eventType === undefined ? untold : byType.get(eventType);
}

function unavailable(message: string, cause?: unknown): BusError {
  return new BusError("bus_unavailable", message, { retryable: true, cause });
}
