import type { Clock, Timer } from "@bourse/base";
import type { EventBus } from "@bourse/bus";
import { auditTopic, type ServiceName, type Topic } from "@bourse/contracts";
import type { Store } from "@bourse/store";
import type { Registry } from "prom-client";
import { BulkRunner } from "./bulk/bulk-runner.ts";
import { type CommitParts, createDeliveryDoor } from "./commit.ts";
import { createContracts } from "./contract-check.ts";
import type { Consumption, Delivery } from "./definitions.ts";
import { EffectRunner } from "./effect-runner.ts";
import { KEEP_ANSWERS_MS } from "./idempotency/idempotency.ts";
import { type Log, reasonOf } from "./log.ts";
import { createMetrics } from "./metrics.ts";
import { OutboxDays } from "./outbox-days.ts";
import { readHeld, readStatus } from "./read-status.ts";
import { Rebuild, type RebuildParts } from "./rebuild.ts";
import { KEEP_RESOLVED_MS, type ParkedDesk, ServiceParkedDesk } from "./redrive.ts";
import { Relay, type RelayBounds } from "./relay.ts";
import { type Retention, ServiceRetention } from "./retention.ts";
import { ShardRunner } from "./shard-runner.ts";
import { createSnapshotStore, type OpenSnapshots } from "./snapshot-store.ts";
import type { ConsumptionStatus, DeliveryStatus, Runner } from "./status.ts";
import { exposeStatus } from "./status-gauges.ts";
import { ViewRunner } from "./view-runner.ts";

export interface DeliveryOptions {
  readonly service: ServiceName;
  /** The topics the service writes to: what it may commit, and what its relay reads back at start. */
  readonly publishes: readonly Topic[];
  /** null: the service keeps nothing in PostgreSQL, so it neither commits nor consumes with effect. */
  readonly store: Store | null;
  /** Another pool for a projection that is rebuilt; absent: none can be. */
  readonly openRebuildStore?: () => Promise<Store>;
  /** The consumers' own pool (R13). Absent or null: `store`. */
  readonly consumerStore?: Store | null;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Log;
  readonly metrics: Registry;
  readonly instanceId: string;
  /** Where shards keep their snapshots: survives restarts, shared by all instances. */
  readonly sharedFolder: string;
  /** How; absent: as files. */
  readonly openSnapshots?: OpenSnapshots;
  /** Validates every outgoing event against its contract: for tests, it costs a parse for each. Default false. */
  readonly validateEvents?: boolean;
  readonly relayBounds?: Partial<RelayBounds>;
}

/** Delivery as the host drives it. */
export interface DeliveryRuntime {
  readonly delivery: Delivery;
  /** What its consumptions have parked (R12); null where it has no effects. */
  readonly parked: ParkedDesk | null;
  /** Its projections that can be made anew (R5), by subscription. */
  readonly rebuilds: ReadonlyMap<
    string,
    Pick<Rebuild<unknown>, "status" | "start" | "compare" | "switch" | "drop" | "abort">
  >;
  /** What the outbox needs before the first commit. */
  prepare(): Promise<void>;
  /**
   * Resumes the relay, then starts the consumers; resolves when they run, not when they have caught up: `unready`
   * tells. Rejects when the service must not start: `log_ahead_of_store` (R6).
   */
  start<Service>(service: Service, consumptions: readonly Consumption<Service>[]): Promise<void>;
  /** Asks the bus for the ends of the logs. */
  status(): Promise<DeliveryStatus>;
  /** How each consumption goes. Asks nobody. */
  consumptions(): readonly ConsumptionStatus[];
  /** Empty once everything has caught up, and as long as nothing is stopped or trying again. */
  unready(): readonly string[];
  /** Of these, what goes on only once an operator has seen to it (R4, R8, R12). */
  stopped(): readonly string[];
  /** Consumers finish what they have in hand, the relay sends what is committed, within bounds. */
  drain(): Promise<void>;
}

const GAUGES_EVERY_MS = 5_000;
const NOTHING_OLD: Retention = { cutoffMs: () => 0 };

export function createDelivery(options: DeliveryOptions): DeliveryRuntime {
  return new ServiceDelivery(options);
}

class ServiceDelivery implements DeliveryRuntime {
  readonly delivery: Delivery;
  readonly #desk: ServiceParkedDesk | null;
  readonly #options: DeliveryOptions;
  readonly #metrics: ReturnType<typeof createMetrics>;
  readonly #contracts: CommitParts["contracts"];
  readonly #retention: ServiceRetention | null;
  readonly #outboxDays: OutboxDays | null;
  readonly #relay: Relay | null;
  readonly #runners: Runner[] = [];
  readonly rebuilds = new Map<string, Rebuild<unknown>>();
  #phase: "new" | "resuming" | "running" | "drained" = "new";
  #stopGauges: () => void = () => undefined;
  #asking = false;
  #isParkedCounted = false;
  #busAnswers = true;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#metrics = createMetrics(options.metrics);
    const { service, publishes, store } = options;
    this.#contracts = createContracts(service, publishes, options.validateEvents ?? false);
    this.#retention = store === null ? null : this.#openRetention(store);
    this.#outboxDays = store === null ? null : this.#daysOf(store);
    this.#relay = store === null ? null : this.#openRelay(store);
    const busAnswers = (): boolean => this.#busAnswers;
    exposeStatus(options.metrics, { runners: this.#runners, relay: this.#relay, busAnswers });
    this.delivery =
      store === null
        ? {
            commit: () => Promise.reject(new Error(`${service} keeps nothing in PostgreSQL`)),
            retention: NOTHING_OLD,
          }
        : createDeliveryDoor(this.#commitParts(store));
    const metrics = this.#metrics;
    this.#desk =
      store === null
        ? null
        : new ServiceParkedDesk({
            serviceName: service,
            audit: this.#audit,
            store,
            commit: this.#commitParts(store),
            metrics,
          });
  }

  get #audit(): Topic {
    const { service, publishes } = this.#options;
    return publishes.find(({ family }) => family === "audit") ?? auditTopic(service);
  }

  get parked(): ParkedDesk | null {
    return this.#desk;
  }

  async prepare(): Promise<void> {
    await this.#retention?.open();
    await this.#outboxDays?.open();
  }

  async start<Service>(service: Service, consumptions: readonly Consumption<Service>[]): Promise<void> {
    this.#phase = "resuming";
    await this.#relay?.start();
    for (const consumption of consumptions) this.#start(service, consumption);
    this.#phase = "running";
    void this.#countParked();
    this.#stopGauges = this.#options.timer.every(GAUGES_EVERY_MS, () => void this.#writeGauges());
  }

  status(): Promise<DeliveryStatus> {
    const { bus, timer } = this.#options;
    return readStatus({ bus, timer, runners: this.#runners, relay: this.#relay });
  }

  consumptions(): readonly ConsumptionStatus[] {
    return this.#runners.map((runner) => runner.status());
  }

  unready(): readonly string[] {
    if (this.#phase === "new") return ["delivery: not started"];
    return [...(this.#relay?.unready() ?? []), ...this.#runners.flatMap((runner) => runner.unready())];
  }

  stopped(): readonly string[] {
    return [...(this.#relay?.stopped() ?? []), ...this.#runners.flatMap((runner) => runner.stopped())];
  }

  async drain(): Promise<void> {
    if (this.#phase === "drained") return;
    this.#phase = "drained";
    this.#stopGauges();
    const closed = [...this.#runners, ...this.rebuilds.values()].map((each) => each.close());
    await Promise.all([...closed, this.#retention?.close()]);
    await this.#relay?.drain();
    this.#outboxDays?.close();
  }

  #openRetention(store: Store): ServiceRetention {
    const { publishes, clock, timer, log } = this.#options;
    const longestMs = Math.max(
      KEEP_RESOLVED_MS,
      KEEP_ANSWERS_MS,
      ...publishes.map(({ retentionMs }) => retentionMs),
    );
    return new ServiceRetention({ store, clock, timer, log, metrics: this.#metrics, longestMs });
  }

  #daysOf(store: Store): OutboxDays {
    const { publishes, clock, timer, log } = this.#options;
    const retention = this.#retention ?? NOTHING_OLD;
    return new OutboxDays({ publishes, store, clock, timer, log, retention });
  }

  #openRelay(store: Store): Relay {
    const { service: producer, publishes, bus, clock, timer, log, relayBounds } = this.#options;
    const parts = { producer, publishes, store, bus, clock, timer, log, metrics: this.#metrics };
    return new Relay(relayBounds === undefined ? parts : { ...parts, bounds: relayBounds });
  }

  #commitParts(store: Store): CommitParts {
    const { clock } = this.#options;
    const relay = this.#relay;
    const { eventsPublished } = this.#metrics;
    return {
      store,
      clock,
      contracts: this.#contracts,
      sink: { hand: (runs) => relay?.hand(runs), lookAgain: () => relay?.lookAgain() },
      counted: (events) => eventsPublished.inc(events),
      retention: this.#retention ?? NOTHING_OLD,
    };
  }

  #start<Service>(service: Service, consumption: Consumption<Service>): void {
    const { service: serviceName, bus, clock, timer, log, instanceId, sharedFolder } = this.#options;
    const metrics = this.#metrics;
    if (consumption.kind === "view") {
      const view = new ViewRunner({ bus, timer, log, metrics }, service, consumption);
      this.#runners.push(view);
      view.start();
      return;
    }
    if (consumption.kind === "shard") {
      const contracts = this.#contracts;
      const { openSnapshots = (folder: string) => createSnapshotStore(folder, instanceId, log) } =
        this.#options;
      const parts = { serviceName, bus, clock, timer, log, metrics, contracts, sharedFolder, openSnapshots };
      const shard = new ShardRunner(parts, service, consumption);
      this.#runners.push(shard);
      shard.start();
      return;
    }
    const store = this.#options.consumerStore ?? this.#options.store;
    if (store === null)
      throw new Error(`${serviceName}.${consumption.subscription} has effects, so the service needs a store`);
    const parts = { serviceName, store, bus, clock, timer, log, metrics, commit: this.#commitParts(store) };
    this.#desk?.serve(service, consumption);
    if (consumption.kind === "bulk") {
      const bulk = new BulkRunner(parts, service, consumption);
      this.#runners.push(bulk);
      bulk.start();
      return;
    }
    const effect = new EffectRunner(parts, service, consumption);
    this.#runners.push(effect);
    effect.start();
    const { openRebuildStore } = this.#options;
    if (consumption.projection === undefined || openRebuildStore === undefined) return;
    const rebuild = {
      service,
      consumption,
      effect: parts,
      store,
      commit: parts.commit,
      openStore: openRebuildStore,
      audit: this.#audit,
    };
    this.rebuilds.set(consumption.subscription, new Rebuild(rebuild as unknown as RebuildParts<unknown>));
  }

  /** From the table, where there may be something in it: others park and redrive as well. */
  async #countParked(): Promise<void> {
    const desk = this.#desk;
    if (
      desk === null ||
      !this.#runners.some((runner) => runner instanceof EffectRunner || runner instanceof BulkRunner)
    )
      return;
    const { values } = await this.#metrics.parkedRecords.get();
    if (this.#isParkedCounted && values.every(({ value }) => value === 0)) return;
    try {
      await desk.refreshGauge();
      this.#isParkedCounted = true;
    } catch (error) {
      this.#options.log.warn({ reason: reasonOf(error) }, "what is parked could not be counted");
    }
  }

  async #writeGauges(): Promise<void> {
    void this.#countParked();
    // One that has not heard in all this time is as good as one that was refused.
    if (this.#asking) {
      this.#busAnswers = false;
      return;
    }
    this.#asking = true;
    try {
      const subscriptions = await readHeld(this.#runners, this.#options.bus);
      // Partitions that are another instance's by now would stand there for ever.
      this.#metrics.consumerLag.reset();
      for (const { subscription, topic, partition, lag } of subscriptions) {
        if (lag !== null)
          this.#metrics.consumerLag.set({ subscription, topic, partition: String(partition) }, lag);
      }
      this.#busAnswers = true;
    } catch (error) {
      this.#busAnswers = false;
      this.#options.log.warn(
        { reason: reasonOf(error) },
        "the ends of the logs are not known: lag gauges stand still",
      );
    } finally {
      this.#asking = false;
    }
  }
}
