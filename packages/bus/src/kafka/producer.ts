import { setTimeout as sleep } from "node:timers/promises";
import { BusError, lostEnd } from "../bus-error.ts";
import { recordSizes, sumOf } from "../limits.ts";
import type { OutgoingBatch, SentBatch } from "../port.ts";
import { signal } from "../signal.ts";
import type { TopicPartition } from "../topic-partition.ts";
import { topicPartitionKey } from "../topic-partition.ts";
import { type Backoff, backoff, retrying } from "./backoff.ts";
import type { BrokerConnection } from "./broker-connection.ts";
import type { Cluster } from "./cluster.ts";
import { brokerError, closedError, isRefusal, KafkaCode, unavailable } from "./failure.ts";
import { endsAt } from "./offsets.ts";
import {
  acknowledge,
  behindOf,
  earliestDeadlineMs,
  outcomeUnknown,
  type PartitionQueue,
  type Portion,
  portionOf,
  rejectAll,
  rejectExpired,
  rejectUnknowing,
} from "./partition-queue.ts";
import { encodeBatch } from "./record-batch.ts";
import { produceApi } from "./requests.ts";

/** A Kafka batch stays below the broker's default message.max.bytes (1,048,588). */
const MAX_BATCH_BYTES = 1_000_000;
/** What one request to one broker carries for all its partitions. */
const MAX_REQUEST_BYTES = 4_000_000;
/** Senders that don't wait for their answers are refused beyond this. */
const MAX_WAITING_BYTES = 256_000_000;
/** Once a request is worth making it gets at least this long. */
const LEAST_LIMIT_MS = 1000;
const ALL_REPLICAS = -1;

/** Codes that say: nothing was written, another broker or a later moment may take it. */
const NOT_WRITTEN: ReadonlySet<number> = new Set([
  KafkaCode.UNKNOWN_TOPIC_OR_PARTITION,
  KafkaCode.LEADER_NOT_AVAILABLE,
  KafkaCode.NOT_LEADER_OR_FOLLOWER,
  KafkaCode.NOT_ENOUGH_REPLICAS,
  KafkaCode.FENCED_LEADER_EPOCH,
  KafkaCode.UNKNOWN_LEADER_EPOCH,
]);

export interface ProducerOptions {
  readonly cluster: Cluster;
  /** How long a send may wait and be tried before it is rejected. */
  readonly sendTimeoutMs: number;
  readonly closing: AbortSignal;
}

/**
 * Sends with acks=all, one request in flight to each broker: what comes meanwhile is gathered into the next one, and a
 * partition has never two batches on the way, so that its order is kept without an idempotent producer (which the
 * numbers of R5 make needless). What certainly was not written is tried again until the time limit. Where the outcome
 * is unknown the send is rejected, and with it whatever waits behind it in the partition: nothing overtakes it.
 */
export class Producer {
  readonly #options: ProducerOptions;
  readonly #queues = new Map<string, PartitionQueue>();
  readonly #busy = new Set<number>();
  readonly #emptied = signal();
  #lookups: Promise<void> = Promise.resolve();
  #lookingUp = 0;
  #waitingBytes = 0;
  #scheduled = false;
  #looking = false;
  /** How often the end of a log was looked at: each look says what that log goes by from then on. */
  #looks = 0;

  constructor(options: ProducerOptions) {
    this.#options = options;
  }

  async send(batches: readonly OutgoingBatch[]): Promise<readonly SentBatch[]> {
    const sizes = batches.map(recordSizes);
    const bytes = sumOf(sizes.map(sumOf));
    if (this.#waitingBytes > 0 && this.#waitingBytes + bytes > MAX_WAITING_BYTES) {
      throw unavailable(`${this.#waitingBytes} bytes wait to be sent`);
    }
    // What is queued first is sent first: who has to look at a topic first keeps the others behind it.
    if (this.#lookingUp > 0 || !batches.every((batch) => this.#isKnown(batch))) await this.#lookUp(batches);
    if (this.#options.closing.aborted) throw closedError();
    const deadlineMs = performance.now() + this.#options.sendTimeoutMs;
    const firstOffsets = batches.map((batch, index) => this.#enqueue(batch, sizes[index] ?? [], deadlineMs));
    this.#schedule();
    const settled = await Promise.allSettled(firstOffsets);
    return batches.map(({ topic, partition }, index) => {
      const outcome = settled[index];
      if (outcome?.status !== "fulfilled") throw outcome?.reason;
      return { topic, partition, firstOffset: outcome.value };
    });
  }

  async #lookUp(batches: readonly OutgoingBatch[]): Promise<void> {
    this.#lookingUp++;
    const { cluster, closing, sendTimeoutMs } = this.#options;
    const signal = AbortSignal.any([closing, AbortSignal.timeout(sendTimeoutMs)]);
    const looked = this.#lookups.then(async () => {
      for (const batch of batches)
        if (!this.#isKnown(batch)) await retrying(signal, () => cluster.partition(batch));
    });
    this.#lookups = looked.catch(() => undefined);
    try {
      await looked;
    } finally {
      this.#lookingUp--;
    }
  }

  #isKnown({ topic, partition }: TopicPartition): boolean {
    const known = this.#options.cluster.knownTopic(topic);
    return known !== undefined && partition >= 0 && partition < known.leaders.length;
  }

  #enqueue(batch: OutgoingBatch, sizes: readonly number[], deadlineMs: number): Promise<bigint> {
    const { topic, partition, records, behind, lineage } = batch;
    if (records.length === 0) return Promise.resolve(-1n);
    const key = topicPartitionKey(batch);
    const queue = this.#queues.get(key) ?? {
      at: { topic, partition },
      waiting: [],
      inFlight: false,
      resting: false,
      pause: backoff(),
      maxBatchBytes: MAX_BATCH_BYTES,
      endSeen: undefined,
    };
    this.#queues.set(key, queue);
    return new Promise((resolve, reject) => {
      const bytes = sumOf(sizes);
      this.#waitingBytes += bytes;
      const done = (): void => {
        this.#waitingBytes -= bytes;
        if (this.#waitingBytes === 0) this.#emptied.notify();
      };
      queue.waiting.push({
        records,
        sizes,
        deadlineMs,
        behind,
        lineage,
        acknowledged: 0,
        firstOffset: undefined,
        resolve: (firstOffset) => {
          done();
          resolve(firstOffset);
        },
        reject: (error) => {
          done();
          reject(error);
        },
      });
    });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#startIdleNodes();
    });
  }

  #startIdleNodes(): void {
    const { nodes, leaderless } = this.#byLeader();
    for (const node of nodes) if (!this.#busy.has(node)) void this.#serve(node);
    if (leaderless) void this.#lookForLeaders();
  }

  #byLeader(): { readonly nodes: ReadonlySet<number>; readonly leaderless: boolean } {
    const nodes = new Set<number>();
    let leaderless = false;
    for (const queue of this.#queues.values()) {
      if (!isReady(queue)) continue;
      const leader = this.#leaderOf(queue);
      if (leader === undefined) leaderless = true;
      else nodes.add(leader);
    }
    return { nodes, leaderless };
  }

  #leaderOf({ at }: PartitionQueue): number | undefined {
    const leader = this.#options.cluster.knownTopic(at.topic)?.leaders[at.partition];
    return leader === undefined || leader < 0 ? undefined : leader;
  }

  async #lookForLeaders(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    const pause = backoff();
    while (this.#byLeader().leaderless && !this.#options.closing.aborted) {
      await this.#options.cluster.refresh().catch(() => undefined);
      for (const queue of this.#queues.values()) {
        if (queue.inFlight || this.#leaderOf(queue) !== undefined) continue;
        rejectExpired(queue, unavailable(`${queue.at.topic} has no leader`));
      }
      // One partition may have none for long: the others must not wait for it.
      this.#startIdleNodes();
      if (this.#byLeader().leaderless) await pause.wait(this.#options.closing);
    }
    this.#looking = false;
    this.#startIdleNodes();
  }

  /** Sends to one broker until nothing waits for it. */
  async #serve(node: number): Promise<void> {
    this.#busy.add(node);
    const pause = backoff();
    try {
      for (;;) {
        const portions = this.#portionsFor(node);
        if (portions.length === 0 || this.#options.closing.aborted) return;
        for (const { queue } of portions) queue.inFlight = true;
        const again = await this.#sendTo(node, portions);
        for (const { queue } of portions) queue.inFlight = false;
        if (again) await this.#lookAgain(pause);
        else pause.reset();
      }
    } finally {
      this.#busy.delete(node);
      this.#startIdleNodes();
    }
  }

  #portionsFor(node: number): readonly Portion[] {
    const portions: Portion[] = [];
    let bytes = 0;
    for (const queue of this.#queues.values()) {
      if (!isReady(queue) || this.#leaderOf(queue) !== node) continue;
      if (bytes >= MAX_REQUEST_BYTES) break;
      const portion = portionOf(queue);
      bytes += portion.bytes;
      portions.push(portion);
    }
    // The next request begins with other partitions: a busy one can't keep the others out.
    for (const { queue } of portions) {
      const key = topicPartitionKey(queue.at);
      this.#queues.delete(key);
      this.#queues.set(key, queue);
    }
    return portions;
  }

  /** True when the request failed as a whole: the cluster has to be looked at again before the next one. */
  async #sendTo(node: number, all: readonly Portion[]): Promise<boolean> {
    const connection = await this.#connect(node, all);
    if (connection === undefined) return true;
    const portions = await this.#onWholeLogs(connection, all);
    if (portions === undefined) return true;
    if (portions.length === 0) return false;
    const limitMs = Math.max(LEAST_LIMIT_MS, earliestDeadlineMs(portions) - performance.now());
    const partitions = portions.map(({ queue, pieces }) => ({
      ...queue.at,
      batch: encodeBatch(
        pieces.flatMap(({ waiting, end }) => waiting.records.slice(waiting.acknowledged, end)),
      ),
    }));
    const request = { acks: ALL_REPLICAS, timeoutMs: Math.ceil(limitMs), partitions };
    try {
      const response = await connection.call(produceApi, limitMs, request);
      const answers = new Map(
        response.responses.flatMap(({ name, partitionResponses }) =>
          partitionResponses.map(
            (answer) => [topicPartitionKey({ topic: name, partition: answer.index }), answer] as const,
          ),
        ),
      );
      for (const portion of portions) {
        const { queue } = portion;
        const answer = answers.get(topicPartitionKey(queue.at));
        if (answer?.errorCode === KafkaCode.NONE) {
          acknowledge(portion, answer.baseOffset);
          queue.pause.reset();
        } else if (this.#refuse(portion, answer?.errorCode)) void this.#setAside(queue);
      }
      await this.#rest(response.throttleTimeMs);
      return false;
    } catch (cause) {
      for (const { queue } of portions) rejectAll(queue, outcomeUnknown(queue.at, cause));
      return true;
    }
  }

  /**
   * What may go behind what its log has; the rest is rejected, or waits. A broker that has restarted, or leads a partition
   * since a moment ago, may have less of it than was acknowledged: it is asked before anything is sent there. undefined: it
   * does not answer, and nothing was sent.
   */
  async #onWholeLogs(
    connection: BrokerConnection,
    portions: readonly Portion[],
  ): Promise<readonly Portion[] | undefined> {
    const unseen = portions.filter(
      (portion) => behindOf(portion) !== undefined && !this.#isSeen(portion.queue, connection),
    );
    if (unseen.length === 0) return this.#ofThoseWhoKnow(portions);
    try {
      const ends = await endsAt(
        connection,
        unseen.map(({ queue }) => queue.at),
      );
      const held = new Set(
        unseen.filter((portion) => {
          const answer = ends.get(topicPartitionKey(portion.queue.at));
          return !this.#seeEnd(portion, connection, answer);
        }),
      );
      return this.#ofThoseWhoKnow(portions.filter((portion) => !held.has(portion)));
    } catch (cause) {
      for (const { queue } of portions) rejectExpired(queue, unavailable("the records were not sent", cause));
      return undefined;
    }
  }

  /** The rest is rejected; what others have in the same queue is sent with the next request. */
  #ofThoseWhoKnow(portions: readonly Portion[]): readonly Portion[] {
    return portions.filter(
      ({ queue }) => queue.endSeen === undefined || !rejectUnknowing(queue, queue.endSeen.lineage),
    );
  }

  #isSeen({ at, endSeen }: PartitionQueue, connection: BrokerConnection): boolean {
    return endSeen?.connection === connection && endSeen.topicId === this.#topicIdOf(at);
  }

  #topicIdOf({ topic }: TopicPartition): string | undefined {
    return this.#options.cluster.knownTopic(topic)?.id;
  }

  /** Says whether the portion may be sent. */
  #seeEnd(
    portion: Portion,
    connection: BrokerConnection,
    answer: { readonly errorCode: number; readonly end: bigint } | undefined,
  ): boolean {
    const { queue } = portion;
    const { topic, partition } = queue.at;
    if (answer === undefined || answer.errorCode !== KafkaCode.NONE) {
      const error = brokerError(
        answer?.errorCode ?? KafkaCode.LEADER_NOT_AVAILABLE,
        `the end of ${topic}/${partition}`,
      );
      if (error.code === "bus_refused") rejectAll(queue, error);
      else rejectExpired(queue, error);
      void this.#setAside(queue);
      return false;
    }
    const behind = behindOf(portion);
    if (behind !== undefined && answer.end < behind) {
      rejectAll(queue, lostEnd({ topic, partition, behind }, answer.end));
      return false;
    }
    const topicId = this.#topicIdOf(queue.at);
    if (topicId === undefined) queue.endSeen = undefined;
    else queue.endSeen = { connection, topicId, lineage: `${topicId}/${++this.#looks}` };
    return true;
  }

  /** One partition may fail for long: the others of its broker must not wait for it. */
  async #setAside(queue: PartitionQueue): Promise<void> {
    queue.resting = true;
    await this.#lookAgain(queue.pause);
    queue.resting = false;
    this.#startIdleNodes();
  }

  /** A quota: what is sent earlier waits at the broker, where nobody knows for how long. */
  async #rest(throttleTimeMs: number): Promise<void> {
    if (throttleTimeMs <= 0) return;
    await sleep(throttleTimeMs, undefined, { signal: this.#options.closing }).catch(() => undefined);
  }

  /** Where there is no connection nothing was sent: it is tried again until the time limit. */
  async #connect(node: number, portions: readonly Portion[]): Promise<BrokerConnection | undefined> {
    try {
      return await this.#options.cluster.connection(node, "produce");
    } catch (cause) {
      for (const { queue } of portions) {
        if (cause instanceof BusError && !cause.retryable) rejectAll(queue, cause);
        else rejectExpired(queue, unavailable("the records were not sent", cause));
      }
      return undefined;
    }
  }

  async #lookAgain(pause: Backoff): Promise<void> {
    await pause.wait(this.#options.closing);
    await this.#options.cluster.refresh().catch(() => undefined);
  }

  /** Deals with an error code for one partition. True when it is worth looking at the cluster again. */
  #refuse(portion: Portion, code: number | undefined): boolean {
    const { queue, count } = portion;
    if (code === undefined) {
      rejectAll(queue, outcomeUnknown(queue.at, new Error("the partition is not in the broker's answer")));
      return true;
    }
    const { topic, partition } = queue.at;
    const access = this.#options.cluster.access("WRITE", `topic ${topic}`);
    const error = brokerError(code, `a send to ${topic}/${partition}`, access);
    const tooLarge = code === KafkaCode.MESSAGE_TOO_LARGE || code === KafkaCode.RECORD_LIST_TOO_LARGE;
    if (tooLarge && count > 1) {
      queue.maxBatchBytes = Math.floor(portion.bytes / 2);
      return false;
    }
    if (NOT_WRITTEN.has(code)) {
      // Another broker may lead it by now, and this one again later, with less.
      queue.endSeen = undefined;
      rejectExpired(queue, error);
      return true;
    }
    rejectAll(queue, isRefusal(code) ? error : outcomeUnknown(queue.at, error));
    return !isRefusal(code);
  }

  /** Waits for what is on the way, at most for the time limit of a send. */
  async drain(): Promise<void> {
    if (this.#waitingBytes > 0) await this.#emptied.waitFor(this.#options.sendTimeoutMs);
  }

  /** Rejects what still waits. */
  abandon(): void {
    for (const queue of this.#queues.values()) rejectAll(queue, outcomeUnknown(queue.at, closedError()));
  }
}

function isReady({ waiting, inFlight, resting }: PartitionQueue): boolean {
  return waiting.length > 0 && !inFlight && !resting;
}
