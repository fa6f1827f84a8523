import { setTimeout as sleep } from "node:timers/promises";
import { BusError } from "../bus-error.ts";
import { type TopicPartition, topicPartitionKey } from "../topic-partition.ts";
import { backoff } from "./backoff.ts";
import type { BrokerConnection } from "./broker-connection.ts";
import { heartbeatV4, joinGroupV7, leaveGroupV4, syncGroupV5 } from "./client.ts";
import type { Cluster } from "./cluster.ts";
import { brokerError, closedError, KafkaCode } from "./failure.ts";
import {
  ASSIGNOR,
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  shareInRound,
} from "./group-protocol.ts";

/** How long a round waits for members that have not joined again. */
const REBALANCE_TIMEOUT_MS = 60_000;
const HEARTBEAT_MS = 1000;
const HEARTBEATS_PER_SESSION = 4;
const LEAVE_LIMIT_MS = 2000;
const PROTOCOL_TYPE = "consumer";

/** The first of these that holds is why a member rejoins. */
type Ended =
  /** Members or topics changed: join again, keeping what one has. */
  | "rebalance"
  /** The group has given this member up: what it had is another's. */
  | "lost"
  | "closed";

export interface MembershipOptions {
  readonly cluster: Cluster;
  readonly group: string;
  readonly topics: readonly string[];
  readonly sessionTimeoutMs: number;
  /** Tells this member's connections from others'. */
  readonly name: string;
  /** Called in this order within a round; both return at once. */
  readonly onLost: (partitions: readonly TopicPartition[]) => void;
  readonly onGiven: (partitions: readonly TopicPartition[]) => void;
  /** After each heartbeat that was answered. */
  readonly onHeartbeat: () => void;
  /** The broker refuses this member for good. */
  readonly onRefused: (error: BusError) => void;
}

export interface Membership {
  readonly held: readonly TopicPartition[];
  /** What fences a commit of this member: its id and the generation. */
  readonly identity: { readonly memberId: string; readonly generation: number };
  /** Resolves when the first round has given this member its share. */
  readonly joined: Promise<void>;
  /** A connection to the group's coordinator that nothing waits on; who finds that it is another's now, ends it. */
  coordinator(): Promise<BrokerConnection>;
  close(): Promise<void>;
}

/** Joins a group and stays in it, for ever, until it is closed. */
export function joinGroup(options: MembershipOptions): Membership {
  const member = new GroupMembership(options);
  member.start();
  return member;
}

class GroupMembership implements Membership {
  readonly joined: Promise<void>;
  readonly #options: MembershipOptions;
  readonly #closing = new AbortController();
  readonly #firstRound: PromiseWithResolvers<void> = Promise.withResolvers();
  #held: readonly TopicPartition[] = [];
  #memberId = "";
  #generation = -1;
  #lastContactMs = performance.now();
  #running: Promise<void> = Promise.resolve();
  #coordinator: BrokerConnection | undefined;

  constructor(options: MembershipOptions) {
    this.#options = options;
    this.joined = this.#firstRound.promise;
    this.joined.catch(() => undefined);
  }

  get held(): readonly TopicPartition[] {
    return this.#held;
  }

  get identity(): { readonly memberId: string; readonly generation: number } {
    return { memberId: this.#memberId, generation: this.#generation };
  }

  start(): void {
    this.#running = this.#run();
  }

  async coordinator(): Promise<BrokerConnection> {
    if (this.#coordinator?.usable === true) return this.#coordinator;
    const { cluster, group, name } = this.#options;
    this.#coordinator = await cluster.coordinator(group, `${name}-commit`);
    return this.#coordinator;
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    const { cluster, group, name } = this.#options;
    const memberId = this.#memberId;
    // A round in flight may wait for long: its connection goes, and the loop with it.
    cluster.disconnect(name);
    await this.#running;
    try {
      if (memberId !== "") {
        const connection = await this.coordinator();
        await connection.call(leaveGroupV4.api, LEAVE_LIMIT_MS, group, [{ memberId }]);
      }
    } catch {
      // The group notices by itself when the session ends.
    }
    cluster.disconnect(name);
    cluster.disconnect(`${name}-commit`);
  }

  async #run(): Promise<void> {
    const pause = backoff();
    while (!this.#closing.signal.aborted) {
      try {
        const connection = await this.#options.cluster.coordinator(this.#options.group, this.#options.name);
        await this.#joinRounds(connection);
        pause.reset();
        this.#firstRound.resolve();
        if ((await this.#stay(connection)) === "lost") this.#loseAll();
      } catch (cause) {
        if (this.#closing.signal.aborted) break;
        if (cause instanceof BusError && !cause.retryable) {
          this.#refused(cause);
          return;
        }
        if (this.#isSessionOver()) this.#loseAll();
        await pause.wait(this.#closing.signal);
      }
    }
    this.#held = [];
  }

  #refused(error: BusError): void {
    this.#loseAll();
    this.#firstRound.reject(error);
    this.#options.onRefused(error);
  }

  /** Joins until a round takes nothing away from this member. */
  async #joinRounds(connection: BrokerConnection): Promise<void> {
    for (;;) {
      const joined = await this.#join(connection);
      const assigned = await this.#sync(connection, joined);
      this.#generation = joined.generationId;
      this.#lastContactMs = performance.now();
      if (this.#closing.signal.aborted || !this.#apply(assigned)) return;
    }
  }

  /** A new member is told its id first; told so again, it waits like after any failure. */
  async #join(connection: BrokerConnection): Promise<joinGroupV7.JoinGroupResponse> {
    let joined = await this.#askToJoin(connection);
    if (joined.errorCode === KafkaCode.MEMBER_ID_REQUIRED) {
      this.#memberId = joined.memberId;
      joined = await this.#askToJoin(connection);
    }
    if (joined.errorCode !== KafkaCode.NONE) throw this.#groupError(joined.errorCode);
    this.#memberId = joined.memberId;
    return joined;
  }

  async #askToJoin(connection: BrokerConnection): Promise<joinGroupV7.JoinGroupResponse> {
    if (this.#closing.signal.aborted) throw closedError();
    const { group, topics, sessionTimeoutMs } = this.#options;
    const metadata = encodeSubscription({ topics, held: this.#held, generation: this.#generation });
    return connection.call(
      joinGroupV7.api,
      REBALANCE_TIMEOUT_MS + sessionTimeoutMs,
      group,
      sessionTimeoutMs,
      REBALANCE_TIMEOUT_MS,
      this.#memberId,
      null,
      PROTOCOL_TYPE,
      [{ name: ASSIGNOR, metadata }],
      null,
    );
  }

  async #sync(
    connection: BrokerConnection,
    joined: joinGroupV7.JoinGroupResponse,
  ): Promise<readonly TopicPartition[]> {
    const isLeader = joined.leader === joined.memberId;
    const assignments = isLeader ? await this.#shareAsLeader(joined) : [];
    const synced = await connection.call(
      syncGroupV5.api,
      REBALANCE_TIMEOUT_MS + this.#options.sessionTimeoutMs,
      this.#options.group,
      joined.generationId,
      joined.memberId,
      null,
      PROTOCOL_TYPE,
      joined.protocolName ?? ASSIGNOR,
      assignments,
    );
    if (synced.errorCode !== KafkaCode.NONE) throw this.#groupError(synced.errorCode);
    return decodeAssignment(synced.assignment);
  }

  async #shareAsLeader(
    joined: joinGroupV7.JoinGroupResponse,
  ): Promise<{ memberId: string; assignment: Buffer }[]> {
    const members = joined.members.map(({ memberId, metadata }) => ({
      id: memberId,
      subscription: decodeSubscription(metadata),
    }));
    const wanted = new Set(members.flatMap(({ subscription }) => subscription.topics));
    const topics = (await this.#options.cluster.topics()).filter(({ name }) => wanted.has(name));
    const partitions = topics
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap(({ name, leaders }) => leaders.map((_, partition) => ({ topic: name, partition })));
    return Array.from(shareInRound(partitions, members), ([memberId, share]) => ({
      memberId,
      assignment: encodeAssignment(share),
    }));
  }

  /** Takes over a round's result. True when something was taken away: then the member joins again. */
  #apply(assigned: readonly TopicPartition[]): boolean {
    const lost = without(this.#held, assigned);
    const given = without(assigned, this.#held);
    this.#held = assigned;
    if (lost.length > 0) this.#options.onLost(lost);
    if (given.length > 0) this.#options.onGiven(given);
    return lost.length > 0;
  }

  /** Heartbeats until something happens. */
  async #stay(connection: BrokerConnection): Promise<Ended> {
    const { group, sessionTimeoutMs } = this.#options;
    const intervalMs = Math.min(HEARTBEAT_MS, sessionTimeoutMs / HEARTBEATS_PER_SESSION);
    for (;;) {
      await sleep(intervalMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
      if (this.#closing.signal.aborted) return "closed";
      const sentMs = performance.now();
      const { errorCode } = await connection.call(
        heartbeatV4.api,
        sessionTimeoutMs,
        group,
        this.#generation,
        this.#memberId,
        null,
      );
      if (errorCode === KafkaCode.REBALANCE_IN_PROGRESS) return "rebalance";
      if (errorCode === KafkaCode.UNKNOWN_MEMBER_ID || errorCode === KafkaCode.ILLEGAL_GENERATION)
        return "lost";
      if (errorCode !== KafkaCode.NONE) throw this.#groupError(errorCode);
      this.#lastContactMs = sentMs;
      this.#options.onHeartbeat();
    }
  }

  #groupError(code: number): BusError {
    if (code === KafkaCode.UNKNOWN_MEMBER_ID || code === KafkaCode.ILLEGAL_GENERATION) this.#loseAll();
    const { cluster, group } = this.#options;
    return brokerError(code, `the group ${group}`, cluster.access("READ", `group ${group}`));
  }

  /** After a session without contact the group may have given the partitions to another. */
  #isSessionOver(): boolean {
    return performance.now() - this.#lastContactMs > this.#options.sessionTimeoutMs;
  }

  #loseAll(): void {
    const lost = this.#held;
    this.#held = [];
    this.#memberId = "";
    this.#generation = -1;
    if (lost.length > 0) this.#options.onLost(lost);
  }
}

function without(
  from: readonly TopicPartition[],
  taken: readonly TopicPartition[],
): readonly TopicPartition[] {
  const keys = new Set(taken.map(topicPartitionKey));
  return from.filter((at) => !keys.has(topicPartitionKey(at)));
}
