import { setTimeout as sleep } from "node:timers/promises";
import { BusError } from "../bus-error.ts";
import type { BusRecord, RecordChunk, StartPosition } from "../port.ts";
import { type TopicPartition, topicPartitionKey } from "../topic-partition.ts";
import { type Backoff, backoff } from "./backoff.ts";
import { type ChunkWish, type DecodedChunks, decodeChunks } from "./chunk-decoder.ts";
import { ChunkMemory } from "./chunk-memory.ts";
import type { fetchV13 } from "./client.ts";
import type { Cluster } from "./cluster.ts";
import { brokerError, isRefusal, KafkaCode, unreadable } from "./failure.ts";
import { resolveStart } from "./offsets.ts";
import { decodeBatches } from "./record-batch.ts";
import { type FetchedPartition, type FetchReply, fetchApi, joined, type ReplyBytes } from "./requests.ts";

/** How long a broker holds a request for which it has nothing. It answers at the first bytes. */
const MAX_WAIT_MS = 500;
const LIMIT_MS = MAX_WAIT_MS + 10_000;
const MAX_REPLY_BYTES = 4_000_000;
const MAX_PARTITION_BYTES = 1_000_000;
/**
 * Requests to one broker at once. A partition that begins to be wanted (a seek, a resumed one, one whose buffer has
 * room again) gets a request of its own instead of waiting for one that the broker holds.
 */
const MAX_LANES = 4;
const READ_UNCOMMITTED = 0;
const NO_SESSION = 0;
const FINAL_EPOCH = -1;
const ANY_EPOCH = -1;

/** A reply may be damaged on its way, or by one of a partition's replicas: so often the same is asked for (R12). */
const MAX_READS = 8;

/** Far longer than a broker needs that has to fetch what it hands out from a store of its own. */
const WITHHELD_LIMIT_MS = 30_000;

/** One partition that is read. */
export interface FetchTarget {
  readonly at: TopicPartition;
  /** How many bytes it wants now; 0 for none. */
  wantedBytes(): number;
  /** How long a lane rests after a reply, if all that were asked for with it wish so. Another lane may ask. Default 0. */
  readonly restMs?: number;
  /** What came, in order; perhaps nothing, where the log has a gap or only begins now. Next comes `nextOffset`. */
  receive(records: readonly BusRecord[], nextOffset: bigint): void;
  /** Where it is there, records come by it as chunks with these headers found, and not by `receive`. */
  readonly chunks?: {
    readonly headers: readonly Buffer[];
    receive(chunks: readonly RecordChunk[], nextOffset: bigint): void;
  };
  /** Another topic of its name is there now: nothing more comes. Without it reading begins anew there. */
  readonly replaced?: () => void;
  /** The broker refuses for good, or has what is no records: nothing more comes. */
  fail(error: BusError): void;
}

interface Reading {
  readonly target: FetchTarget;
  /** An offset to fetch from, or what has to be resolved to one. */
  position: StartPosition;
  resolved: boolean;
  /** Under which leader the record before the position was written; {@link ANY_EPOCH}: it has read none. */
  leaderEpoch: number;
  /** The topic that the position belongs to: another id is another log (R5). */
  topicId: string | undefined;
  inFlight: boolean;
  /** It failed by itself and waits before it is tried again; the others go on. */
  resting: boolean;
  readonly pause: Backoff;
  /** How often what came from its position was no records. */
  unreadable: number;
  /** There was something for it, and the reply had none of it. */
  leftOut: boolean;
  /** Since when it was left out of replies that had room for it. */
  withheldSinceMs: number | undefined;
  removed: boolean;
}

interface InRequest {
  readonly reading: Reading;
  readonly offset: bigint;
  readonly topicId: string;
}

/**
 * Reads partitions with explicit offsets, each paused and sought by itself. It retries for ever; what comes is
 * handed over in order and without repetition, from the position that was asked for.
 */
export class Fetcher {
  readonly #cluster: Cluster;
  readonly #name: string;
  readonly #readings = new Map<FetchTarget, Reading>();
  readonly #lanes = new Map<number, Set<number>>();
  readonly #closing = new AbortController();
  readonly #memory = new ChunkMemory();
  readonly #withheldLimitMs: number;
  #looking = false;

  /** `name` tells this fetcher's connections from others'. */
  constructor(cluster: Cluster, name: string, { withheldLimitMs = WITHHELD_LIMIT_MS } = {}) {
    this.#cluster = cluster;
    this.#name = name;
    this.#withheldLimitMs = withheldLimitMs;
  }

  add(target: FetchTarget, position: StartPosition): void {
    this.#readings.set(target, {
      target,
      position,
      resolved: false,
      leaderEpoch: ANY_EPOCH,
      topicId: undefined,
      inFlight: false,
      resting: false,
      pause: backoff(),
      unreadable: 0,
      leftOut: false,
      withheldSinceMs: undefined,
      removed: false,
    });
    this.wake();
  }

  remove(target: FetchTarget): void {
    const reading = this.#readings.get(target);
    if (reading !== undefined) reading.removed = true;
    this.#readings.delete(target);
  }

  /** Goes on from another position; records of the former one that arrive later are dropped. */
  seek(target: FetchTarget, position: StartPosition): void {
    const reading = this.#readings.get(target);
    if (reading === undefined) return;
    // A request in flight keeps its own reading: the new one need not wait for it.
    reading.removed = true;
    this.#readings.set(target, {
      ...reading,
      position,
      resolved: false,
      leaderEpoch: ANY_EPOCH,
      inFlight: false,
      resting: false,
      unreadable: 0,
      leftOut: false,
      withheldSinceMs: undefined,
      removed: false,
    });
    this.wake();
  }

  /** Looks again at what is wanted. */
  wake(): void {
    if (this.#closing.signal.aborted) return;
    const idleNodes = new Set<number>();
    for (const reading of this.#readings.values()) {
      if (!isWanted(reading)) continue;
      const leader = this.#leaderOf(reading);
      if (leader === undefined) void this.#lookForLeaders();
      else idleNodes.add(leader);
    }
    for (const node of idleNodes) this.#startLane(node);
  }

  close(): void {
    this.#closing.abort();
    this.#readings.clear();
    for (let lane = 0; lane < MAX_LANES; lane++) this.#cluster.disconnect(this.#use(lane));
  }

  #use(lane: number): string {
    return `fetch-${this.#name}-${lane}`;
  }

  #leaderOf({ target: { at } }: Reading): number | undefined {
    const leader = this.#cluster.knownTopic(at.topic)?.leaders[at.partition];
    return leader === undefined || leader < 0 ? undefined : leader;
  }

  async #lookForLeaders(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    const pause = backoff();
    const leaderless = (): boolean =>
      [...this.#readings.values()].some((reading) => this.#leaderOf(reading) === undefined);
    while (leaderless() && !this.#closing.signal.aborted) {
      await this.#cluster.refresh().catch(() => undefined);
      // One partition may have none for long: the others must not wait for it.
      this.wake();
      if (leaderless()) await pause.wait(this.#closing.signal);
    }
    this.#looking = false;
    this.wake();
  }

  #startLane(node: number): void {
    const lanes = this.#lanes.get(node) ?? new Set<number>();
    this.#lanes.set(node, lanes);
    for (let lane = 0; lane < MAX_LANES; lane++) {
      if (lanes.has(lane)) continue;
      lanes.add(lane);
      void this.#runLane(node, lane).finally(() => {
        lanes.delete(lane);
        this.wake();
      });
      return;
    }
  }

  /** Fetches from one broker until nothing of it is wanted that another lane has not taken. */
  async #runLane(node: number, lane: number): Promise<void> {
    const pause = backoff();
    while (!this.#closing.signal.aborted) {
      const readings = this.#pick(node);
      if (readings.length === 0) return;
      for (const reading of readings) reading.inFlight = true;
      const failed = await this.#fetch(node, lane, readings);
      const restMs = Math.min(...readings.map(({ target }) => target.restMs ?? 0));
      for (const reading of readings) this.#putBack(reading);
      if (!failed && restMs > 0) await this.#pause(restMs);
      if (failed) await this.#lookAgain(pause);
      else pause.reset();
    }
  }

  async #lookAgain(pause: Backoff): Promise<void> {
    await pause.wait(this.#closing.signal);
    if (!this.#closing.signal.aborted) await this.#cluster.refresh().catch(() => undefined);
  }

  #pick(node: number): readonly Reading[] {
    const picked = new Map<string, Reading>();
    for (const reading of this.#readings.values()) {
      if (!isWanted(reading) || this.#leaderOf(reading) !== node) continue;
      // A request names a partition once: a second reader of it has a lane of its own.
      const key = topicPartitionKey(reading.target.at);
      if (!picked.has(key)) picked.set(key, reading);
    }
    return [...picked.values()];
  }

  /** True when the request failed as a whole: the cluster has to be looked at again. */
  async #fetch(node: number, lane: number, readings: readonly Reading[]): Promise<boolean> {
    const prepared = await Promise.all(readings.map((reading) => this.#prepare(reading)));
    const requests = byTopic(prepared.filter((request) => request !== undefined));
    if (requests.length === 0) return false;
    try {
      const connection = await this.#cluster.connection(node, this.#use(lane));
      const response = await connection.call(
        fetchApi,
        LIMIT_MS,
        MAX_WAIT_MS,
        1,
        MAX_REPLY_BYTES,
        READ_UNCOMMITTED,
        NO_SESSION,
        FINAL_EPOCH,
        topicsOf(requests),
        [],
        "",
      );
      if (response.errorCode !== KafkaCode.NONE) return true;
      this.#deliver(response, requests);
      await this.#hold(response.throttleTimeMs);
      return false;
    } catch (cause) {
      if (!isRefusedFor(cause)) return true;
      for (const { reading } of requests) this.#end(reading, cause);
      return false;
    }
  }

  /** A quota: what is asked for earlier waits at the broker. */
  async #hold(throttleTimeMs: number): Promise<void> {
    if (throttleTimeMs > 0) await this.#pause(throttleTimeMs);
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#closing.signal }).catch(() => undefined);
  }

  /** Finds the offset to fetch from. A topic made anew is read from its beginning (R5). */
  async #prepare(reading: Reading): Promise<InRequest | undefined> {
    const { at } = reading.target;
    try {
      const topic = await this.#cluster.partition(at);
      if (reading.topicId !== undefined && reading.topicId !== topic.id && !this.#beginAnew(reading))
        return undefined;
      reading.topicId = topic.id;
      if (!reading.resolved) await this.#resolve(reading);
      if (reading.removed) return undefined;
      return { reading, offset: BigInt(reading.position), topicId: topic.id };
    } catch (cause) {
      if (isRefusedFor(cause)) this.#end(reading, cause);
      else void this.#rest(reading);
      return undefined;
    }
  }

  /** In a topic made anew. False where its target has asked to be told instead. */
  #beginAnew(reading: Reading): boolean {
    const { target } = reading;
    readFromEarliest(reading);
    if (target.replaced === undefined) return true;
    if (!reading.removed) {
      this.remove(target);
      target.replaced();
    }
    return false;
  }

  /** Retention may have dropped what was to come: then it goes on behind that. */
  async #resolve(reading: Reading): Promise<void> {
    const { target, position } = reading;
    const offset = await resolveStart(this.#cluster, target.at, position);
    reading.position = offset;
    reading.resolved = true;
    if (reading.removed) return;
    if (target.chunks === undefined) target.receive([], offset);
    else target.chunks.receive([], offset);
  }

  async #rest(reading: Reading): Promise<void> {
    reading.resting = true;
    await this.#lookAgain(reading.pause);
    reading.resting = false;
    this.wake();
  }

  #deliver({ partitions, throttleTimeMs }: FetchReply, requests: readonly InRequest[]): void {
    const replies = new Map(
      partitions.map((fetched) => [`${fetched.topicId}/${fetched.partition}`, fetched]),
    );
    // The first of a request that has anything comes, however large it is (KIP-74); a quota may leave all of them out.
    let mustCome = throttleTimeMs <= 0;
    for (const request of requests) {
      const { reading, topicId } = request;
      const fetched = replies.get(`${topicId}/${reading.target.at.partition}`);
      if (fetched === undefined) continue;
      if (!reading.removed) this.#receive(request, fetched, mustCome);
      if (fetched.batches.length > 0) mustCome = false;
    }
  }

  #receive(request: InRequest, fetched: FetchedPartition, mustCome: boolean): void {
    const { reading, offset } = request;
    const { errorCode, highWatermark, batches } = fetched;
    reading.leftOut = errorCode === KafkaCode.NONE && batches.length === 0 && highWatermark > offset;
    if (errorCode !== KafkaCode.NONE) this.#refused(request, errorCode);
    // The log lost what was read last, and was filled again: whoever numbers its records sorts out what is new (R5).
    else if (fetched.hasDiverged) readFromEarliest(reading);
    else if (reading.leftOut && mustCome) this.#withheld(request, highWatermark);
    else this.#advance(request, fetched);
  }

  /** A broker that can't find where a batch ends finds nothing there, and says nothing of it. */
  #withheld({ reading, offset }: InRequest, highWatermark: bigint): void {
    reading.withheldSinceMs ??= performance.now();
    if (performance.now() - reading.withheldSinceMs < this.#withheldLimitMs) return;
    const cause = `the broker says that there are records up to ${highWatermark}, and hands out none`;
    this.#end(reading, unreadable(reading.target.at, offset, cause));
  }

  #advance({ reading, offset }: InRequest, { batches }: FetchedPartition): void {
    const { at, chunks: wanted } = reading.target;
    try {
      const decoded =
        wanted === undefined
          ? { ...decodeBatches(at, joined(batches), offset), chunks: [] }
          : { ...this.#chunks(at, batches, { from: offset, wanted: wanted.headers }), records: [] };
      const { records, chunks, nextOffset, leaderEpoch } = decoded;
      reading.pause.reset();
      if (nextOffset === offset) return;
      reading.position = nextOffset;
      reading.leaderEpoch = leaderEpoch;
      reading.unreadable = 0;
      reading.withheldSinceMs = undefined;
      if (wanted === undefined) reading.target.receive(records, nextOffset);
      else wanted.receive(chunks, nextOffset);
    } catch (cause) {
      this.#unreadable({ reading, offset }, cause);
    }
  }

  #unreadable({ reading, offset }: Pick<InRequest, "reading" | "offset">, cause: unknown): void {
    reading.unreadable++;
    if (reading.unreadable < MAX_READS) void this.#rest(reading);
    else this.#end(reading, unreadable(reading.target.at, offset, cause));
  }

  #chunks(at: TopicPartition, batches: ReplyBytes, wish: ChunkWish): DecodedChunks {
    if (batches.length === 0) return { chunks: [], nextOffset: wish.from, leaderEpoch: ANY_EPOCH };
    const memory = this.#memory;
    const bytes = memory.take(batches.length);
    const release = (): void => memory.giveBack(bytes);
    const decoded = decodeChunks(at, joined(batches, bytes), { ...wish, memory, release });
    if (decoded.chunks.length === 0) release();
    return decoded;
  }

  #refused(request: InRequest, code: number): void {
    const { reading } = request;
    const { topic, partition } = reading.target.at;
    if (code === KafkaCode.CORRUPT_MESSAGE) {
      this.#unreadable(request, brokerError(code, "the broker can't read it"));
    } else if (isRefusal(code)) {
      const access = this.#cluster.access("READ", `topic ${topic}`);
      this.#end(reading, brokerError(code, `reading ${topic}/${partition}`, access));
    } else {
      if (code === KafkaCode.OFFSET_OUT_OF_RANGE) readFromEarliest(reading);
      void this.#rest(reading);
    }
  }

  #end(reading: Reading, error: BusError): void {
    if (this.#readings.get(reading.target) !== reading) return;
    this.remove(reading.target);
    reading.target.fail(error);
  }

  /**
   * Who had a turn comes last the next time: a broker fills its reply in the order of the request, and of several
   * readers of one partition a request has only the first. Who was left out keeps its place: it is the first then.
   */
  #putBack(reading: Reading): void {
    reading.inFlight = false;
    if (reading.leftOut || this.#readings.get(reading.target) !== reading) return;
    this.#readings.delete(reading.target);
    this.#readings.set(reading.target, reading);
  }
}

/** The brokers do not take this client, or not for this: later neither. A topic that is not there may come back. */
function isRefusedFor(cause: unknown): cause is BusError {
  return cause instanceof BusError && cause.code === "bus_refused";
}

function isWanted(reading: Reading): boolean {
  return !reading.inFlight && !reading.resting && reading.target.wantedBytes() > 0;
}

function readFromEarliest(reading: Reading): void {
  reading.position = "earliest";
  reading.resolved = false;
  reading.leaderEpoch = ANY_EPOCH;
}

/** In the order in which a request names them. */
function byTopic(requests: readonly InRequest[]): readonly InRequest[] {
  return [...Map.groupBy(requests, (request) => request.topicId).values()].flat();
}

function topicsOf(requests: readonly InRequest[]): fetchV13.FetchRequestTopic[] {
  return Array.from(
    Map.groupBy(requests, (request) => request.topicId),
    ([topicId, ofTopic]) => ({
      topicId,
      partitions: ofTopic.map(({ reading, offset }) => ({
        partition: reading.target.at.partition,
        currentLeaderEpoch: ANY_EPOCH,
        fetchOffset: offset,
        lastFetchedEpoch: reading.leaderEpoch,
        partitionMaxBytes: Math.max(1, Math.min(MAX_PARTITION_BYTES, reading.target.wantedBytes())),
      })),
    }),
  );
}
