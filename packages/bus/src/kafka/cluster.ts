import { BusError } from "../bus-error.ts";
import type { TopicPartition } from "../topic-partition.ts";
import { type BrokerConnection, openConnection } from "./broker-connection.ts";
import { findCoordinatorV4, metadataV12 } from "./client.ts";
import type { Address, ConnectionSettings, SaslSettings } from "./connection-settings.ts";
import { type Access, brokerError, closedError, KafkaCode, unavailable } from "./failure.ts";

const METADATA_LIMIT_MS = 5000;
const METADATA_MIN_AGE_MS = 100;
const GROUP_KEY_TYPE = 0;

export interface ClusterTopic {
  readonly name: string;
  readonly id: string;
  readonly internal: boolean;
  /** The node that leads each partition, -1 while there is none. */
  readonly leaders: readonly number[];
  /** How many copies its partitions have: the fewest of any. */
  readonly copies: number;
}

interface State {
  readonly nodes: ReadonlyMap<number, Address>;
  readonly controller: number;
  readonly topics: ReadonlyMap<string, ClusterTopic>;
  readonly takenAtMs: number;
}

export interface ClusterSettings extends ConnectionSettings {
  readonly bootstrapServers: readonly Address[];
}

/** What is known of the brokers, and the connections to them. */
export class Cluster {
  readonly #settings: ClusterSettings;
  readonly #connections = new Map<string, Promise<BrokerConnection>>();
  #state: State | undefined;
  #asking: Promise<State> | undefined;
  /** Addresses that did not answer the last time: they are tried last. */
  readonly #silent = new Set<string>();
  #closed = false;

  constructor(settings: ClusterSettings) {
    this.#settings = settings;
  }

  /**
   * The connection to a node for one use, such as `produce`. A broker answers the requests of one connection one
   * after the other, so whatever waits at the broker (fetch, join) has a connection of its own.
   */
  async connection(nodeId: number, use: string): Promise<BrokerConnection> {
    const address = this.#state?.nodes.get(nodeId);
    if (address === undefined) throw unavailable(`the broker ${nodeId} is not in the cluster`);
    return this.#connect(`${nodeId}/${use}`, address);
  }

  /** Connects to every node as another user, and hangs up: throws as connections do. */
  async tryAs(sasl: SaslSettings): Promise<void> {
    const { nodes } = await this.refresh();
    const settings = { ...this.#settings, sasl };
    await Promise.all(
      Array.from(nodes.values(), async (address) => (await openConnection(address, settings)).destroy()),
    );
  }

  /** How this client shows who it is; undefined where it does not. */
  get mechanism(): SaslSettings["mechanism"] | undefined {
    return this.#settings.sasl?.mechanism;
  }

  /** Of a use that has ended. */
  disconnect(use: string): void {
    for (const key of this.#connections.keys()) if (key.endsWith(`/${use}`)) this.#drop(key);
  }

  /** Any node that answers. */
  async anyConnection(use: string): Promise<BrokerConnection> {
    const known = Array.from(this.#state?.nodes ?? [], ([nodeId, address]) => ({
      key: `${nodeId}/${use}`,
      address,
    }));
    const bootstrap = this.#settings.bootstrapServers.map((address) => ({
      key: `${address.host}:${address.port}/${use}`,
      address,
    }));
    const all = [...known, ...bootstrap];
    const isSilent = (each: (typeof all)[number]): number => Number(this.#silent.has(each.key));
    let failure: unknown;
    for (const { key, address } of all.sort((a, b) => isSilent(a) - isSilent(b))) {
      try {
        const connection = await this.#connect(key, address);
        this.#silent.delete(key);
        return connection;
      } catch (cause) {
        this.#silent.add(key);
        // That one broker refuses this client says more than that another one is away.
        if (!isRefused(failure)) failure = cause;
      }
    }
    throw failure;
  }

  /** What a request needs an ACL for, of whoever this client is to the brokers. */
  access(operation: Access["operation"], resource: string): Access {
    const user = this.#settings.sasl?.username;
    return { principal: user === undefined ? "this client" : `User:${user}`, operation, resource };
  }

  async controller(use: string): Promise<BrokerConnection> {
    const { controller } = this.#state ?? (await this.refresh());
    return this.connection(controller, use);
  }

  async coordinator(group: string, use: string): Promise<BrokerConnection> {
    const asked = await this.anyConnection("control");
    const { coordinators } = await asked.call(findCoordinatorV4.api, METADATA_LIMIT_MS, GROUP_KEY_TYPE, [
      group,
    ]);
    const found = coordinators[0];
    if (found === undefined || found.errorCode !== KafkaCode.NONE) {
      throw brokerError(
        found?.errorCode ?? KafkaCode.COORDINATOR_NOT_AVAILABLE,
        `the coordinator of group ${group}`,
        this.access("READ", `group ${group}`),
      );
    }
    return this.#connect(`${found.nodeId}/${use}`, { host: found.host, port: found.port });
  }

  get nodes(): readonly number[] {
    return [...(this.#state?.nodes.keys() ?? [])];
  }

  /** As it was when it was last looked at, without waiting. */
  knownTopic(name: string): ClusterTopic | undefined {
    return this.#state?.topics.get(name);
  }

  /** All topics that this client may see, as they are now. */
  async topics(): Promise<readonly ClusterTopic[]> {
    const { topics } = await this.#ask();
    return [...topics.values()].filter((topic) => !topic.internal);
  }

  /** Throws `unknown_topic` when the brokers don't know it now. */
  async topic(name: string): Promise<ClusterTopic> {
    const topic = this.knownTopic(name) ?? (await this.#ask()).topics.get(name);
    return topic ?? (await this.#missing(name));
  }

  /** The list has the topics alone that this client may see: asked by name, the broker says why one is not in it. */
  async #missing(name: string): Promise<never> {
    const connection = await this.anyConnection("control");
    const response = await connection.call(metadataV12.api, METADATA_LIMIT_MS, [name], false, false);
    if (response.topics[0]?.errorCode === KafkaCode.TOPIC_AUTHORIZATION_FAILED)
      throw brokerError(KafkaCode.TOPIC_AUTHORIZATION_FAILED, "", this.access("DESCRIBE", `topic ${name}`));
    throw new BusError("unknown_topic", `there is no topic ${name}`, { retryable: false });
  }

  async partition({ topic, partition }: TopicPartition): Promise<ClusterTopic> {
    const found = await this.topic(topic);
    if (partition >= 0 && partition < found.leaders.length) return found;
    throw new BusError("unknown_topic", `topic ${topic} has no partition ${partition}`, { retryable: false });
  }

  /** What the brokers say, at most a moment ago: for those who look again because something failed. */
  async refresh(): Promise<State> {
    const state = this.#state;
    if (state !== undefined && performance.now() - state.takenAtMs < METADATA_MIN_AGE_MS) return state;
    return this.#ask();
  }

  /** Calls made together share one answer. */
  #ask(): Promise<State> {
    this.#asking ??= this.#load().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  close(): void {
    this.#closed = true;
    for (const key of this.#connections.keys()) this.#drop(key);
  }

  async #load(): Promise<State> {
    const takenAtMs = performance.now();
    const connection = await this.anyConnection("control");
    const response = await connection.call(metadataV12.api, METADATA_LIMIT_MS, null, false, false);
    this.#state = stateOf(response, takenAtMs);
    return this.#state;
  }

  async #connect(key: string, address: Address): Promise<BrokerConnection> {
    if (this.#closed) throw closedError();
    const existing = this.#connections.get(key);
    if (existing !== undefined) {
      const connection = await existing;
      if (connection.usable) return connection;
      if (this.#connections.get(key) === existing) this.#connections.delete(key);
      return this.#connect(key, address);
    }
    const opening = openConnection(address, this.#settings);
    this.#connections.set(key, opening);
    try {
      const connection = await opening;
      if (this.#closed) connection.destroy();
      return connection;
    } catch (cause) {
      if (this.#connections.get(key) === opening) this.#connections.delete(key);
      throw cause;
    }
  }

  #drop(key: string): void {
    const opening = this.#connections.get(key);
    this.#connections.delete(key);
    opening?.then(
      (connection) => connection.destroy(),
      () => undefined,
    );
  }
}

function isRefused(failure: unknown): boolean {
  return failure instanceof BusError && !failure.retryable;
}

function stateOf(response: metadataV12.MetadataResponse, takenAtMs: number): State {
  const topics = new Map<string, ClusterTopic>();
  for (const { name, topicId, isInternal, errorCode, partitions } of response.topics) {
    if (name === null || name === undefined || errorCode === KafkaCode.UNKNOWN_TOPIC_OR_PARTITION) continue;
    const leaders = new Array<number>(partitions.length).fill(-1);
    for (const { partitionIndex, leaderId } of partitions) leaders[partitionIndex] = leaderId;
    const copies = Math.min(...partitions.map(({ replicaNodes }) => replicaNodes.length));
    topics.set(name, { name, id: topicId, internal: isInternal, leaders, copies });
  }
  return {
    nodes: new Map(response.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }])),
    controller: response.controllerId,
    topics,
    takenAtMs,
  };
}
