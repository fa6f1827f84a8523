import { type GroupConsumer, type StartPosition, type TopicPartition, topicPartitionKey } from "@bourse/bus";
import { type Topic, writersOf } from "@bourse/contracts";
import type { EffectParts } from "../effect-parts.ts";
import { elsewhereOfMarks } from "../elsewhere.ts";
import { failureRules } from "../failure-policy.ts";
import { GroupMembership } from "../group-membership.ts";
import { readMarks } from "../marks.ts";
import { readParkedState } from "../parked-rows.ts";
import { noQueues } from "../parking.ts";
import { ParkingLimits } from "../parking-limits.ts";
import { seekHints } from "../seek-hint.ts";
import type { ConsumptionStatus, PartitionElsewhere, Runner } from "../status.ts";
import type { BulkConsumption } from "./bulk-definitions.ts";
import { BulkLane } from "./bulk-lane.ts";
import { type BulkPartition, NUMBER_HEADERS } from "./judge-chunks.ts";

const MAX_BATCH = 20_000;

/**
 * R1, R5: takes chunks of a group's partitions, some of them in each lane. Lanes commit beside each other: while one of
 * them waits for the disk, the database works for another.
 */
export class BulkRunner<Service> implements Runner {
  readonly subscription: string;
  readonly #parts: EffectParts;
  readonly #consumption: BulkConsumption<Service>;
  readonly #lanes: readonly BulkLane[];
  readonly #topics: ReadonlyMap<string, Topic>;
  readonly #limits: ParkingLimits;
  readonly #membership: GroupMembership;
  readonly #maxBatch: number;

  constructor(parts: EffectParts, service: Service, consumption: BulkConsumption<Service>) {
    const { subscription, topics, maxBatch = MAX_BATCH, restMs = 0, lanes = 1, create } = consumption;
    this.#parts = parts;
    this.#consumption = consumption;
    this.#maxBatch = maxBatch;
    this.subscription = subscription;
    this.#membership = new GroupMembership(parts, {
      subscription,
      join: () => this.#join(),
      follow: (consumer) => this.#follow(consumer),
      forget: () => {
        for (const { assigned } of this.#lanes) assigned.clear();
      },
    });
    this.#topics = new Map(topics.map((topic) => [topic.name, topic]));
    const rules = failureRules(consumption);
    this.#limits = new ParkingLimits(rules);
    const shared = {
      parts,
      subscription,
      topics: this.#topics,
      rules,
      limits: this.#limits,
      membership: this.#membership,
      maxBatch,
      restMs,
      waiting: () => this.#waiting(),
      works: () => this.#works(),
    };
    this.#lanes = Array.from({ length: lanes }, () => new BulkLane(shared, create(service)));
  }

  start(): void {
    this.#membership.start();
  }

  status(): ConsumptionStatus {
    return this.#membership.status(this.#assigned());
  }

  elsewhere(): Promise<readonly PartitionElsewhere[]> {
    return elsewhereOfMarks(this.#parts, this.subscription, [...this.#topics.values()], (at) =>
      this.#lanes.some(({ assigned }) => assigned.has(topicPartitionKey(at))),
    );
  }

  unready(): readonly string[] {
    return this.#membership.unready();
  }

  stopped(): readonly string[] {
    return this.#membership.stopped();
  }

  close(): Promise<void> {
    return this.#membership.close();
  }

  #assigned(): readonly BulkPartition[] {
    return this.#lanes.flatMap(({ assigned }) => [...assigned.values()]);
  }

  /** One lane's success says nothing of another one that still tries. */
  #works(): void {
    if (!this.#lanes.some(({ isFailing }) => isFailing)) this.#membership.works();
  }

  #join(): Promise<GroupConsumer> {
    const { bus, serviceName } = this.#parts;
    return bus.consume({
      group: `${serviceName}.${this.subscription}`,
      topics: this.#consumption.topics.map((topic) => topic.name),
      chunkHeaders: NUMBER_HEADERS,
      fetchRestMs: this.#consumption.restMs ?? 0,
      bufferRecords: 2 * this.#maxBatch,
      onAssigned: (partitions) => this.#assign(partitions),
      onUnreadable: (at, error) => this.#membership.unreadable(at, error),
      onRevoked: (partitions) => {
        for (const lane of this.#lanes) {
          lane.shareChanged();
          for (const at of partitions) lane.assigned.delete(topicPartitionKey(at));
        }
        for (const at of partitions) this.#membership.revoked(at);
      },
    });
  }

  /** Each lane ends by itself, and its own work is ended with it; the first that failed says why. */
  async #follow(consumer: GroupConsumer): Promise<void> {
    const ends = await Promise.allSettled(this.#lanes.map((lane) => lane.follow(consumer)));
    const failed = ends.find((end) => end.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  #waiting(): number {
    let waiting = 0;
    for (const { queues } of this.#assigned()) waiting += queues.waiting;
    return waiting;
  }

  /** Where to read from: the marks, never the group's offsets (R5). */
  async #assign(partitions: readonly TopicPartition[]): Promise<ReadonlyMap<string, StartPosition>> {
    this.#parts.metrics.rebalances.inc({ subscription: this.subscription });
    const { store, bus, clock } = this.#parts;
    const { term } = this.#membership;
    const { topicIds, marks, parked, hints } = await this.#membership.untilAnswered(
      "marks.read",
      async () => {
        const ids = new Map((await bus.topics()).map(({ name, id }) => [name, id]));
        const known = { marks: await readMarks(store, this.subscription), topicIds: ids };
        return {
          ...known,
          parked: await readParkedState(store, this.subscription, clock.nowMs()),
          hints: await seekHints(bus, partitions, known, this.#membership.closing),
        };
      },
    );
    const positions = new Map<string, StartPosition>();
    if (term !== this.#membership.term) return positions;
    for (const lane of this.#lanes) lane.shareChanged();
    for (const { topic, partition } of partitions) {
      const own = marks.filter((mark) => mark.topic === topic && mark.partition === partition);
      const topicId = topicIds.get(topic) ?? "";
      const hint = this.#membership.hintOf({ topic, partition }, hints);
      const key = topicPartitionKey({ topic, partition });
      const queues = parked.find((state) => state.topic === topic && state.partition === partition);
      this.#limits.inherit({ topic, partition }, clock.nowMs(), queues?.recent ?? 0);
      this.#laneWithFewest().assigned.set(key, {
        topic,
        partition,
        topicId,
        writers: writersOf(this.#topics.get(topic) as Topic),
        marks: new Map(own.map((mark) => [mark.producer, mark])),
        expected: new Map(own.map((mark) => [mark.producer, mark])),
        mayLieBefore: hint !== null,
        nextOffset: hint,
        queues: queues?.queues ?? noQueues(),
      });
      positions.set(key, hint ?? "earliest");
    }
    this.#works();
    return positions;
  }

  #laneWithFewest(): BulkLane {
    return this.#lanes.reduce((fewest, lane) => (lane.assigned.size < fewest.assigned.size ? lane : fewest));
  }
}
