import { assert, type Clock, settledWithin, type Timer } from "@bourse/base";
import {
  type BusRecord,
  type EventBus,
  type GroupConsumer,
  type LostEndError,
  type StartPosition,
  type TopicPartition,
  topicPartitionKey,
} from "@bourse/bus";
import { createBackoff, isRetryable } from "./backoff.ts";
import type { Contracts } from "./contract-check.ts";
import { createDecoder } from "./decode.ts";
import type { ShardConsumption } from "./definitions.ts";
import { partitionsElsewhere } from "./elsewhere.ts";
import { type Log, reasonOf } from "./log.ts";
import { lostOutputs } from "./lost-outputs.ts";
import type { DeliveryMetrics } from "./metrics.ts";
import { MissingCommands } from "./missing-commands.ts";
import { OutputSender } from "./output-sender.ts";
import { isIdle, newlyOwned, type OwnedPartition, type OwnedStep, statusOf } from "./owned-partition.ts";
import { BrokenCommandError, ShardPartition } from "./shard-partition.ts";
import type { OpenSnapshots } from "./snapshot-store.ts";
import { SnapshotWriter } from "./snapshot-writer.ts";
import type { ConsumptionStatus, PartitionElsewhere, Runner, RunnerState } from "./status.ts";
import { tellGroup } from "./tell-group.ts";
import { shardFolder } from "./voided-commands.ts";
import { VoidedWatch } from "./voided-watch.ts";

export interface ShardParts {
  readonly serviceName: string;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Log;
  readonly metrics: DeliveryMetrics;
  readonly contracts: Contracts;
  readonly sharedFolder: string;
  readonly openSnapshots: OpenSnapshots;
}

/** Commands of one step: its outputs are one `send`, which brokers limit in size. */
const BATCH = 512;
const CLOSE_MS = 5_000;
const HAND_OVER_MS = 3_000;
const TELL_EVERY_MS = 500;
const AGED_POLL_MS = 60_000;
/** How often the ends of the outputs are looked at while there are none. */
const LOOK_EVERY_MS = 30_000;

interface TakenCommands {
  readonly owned: OwnedPartition | undefined;
  readonly commands: readonly BusRecord[];
}

/** R1, R8: a group gives the partitions; each is a pure function of its log. Two owners at once are harmless. */
export class ShardRunner<Service> implements Runner {
  readonly subscription: string;
  readonly #parts: ShardParts;
  readonly #service: Service;
  readonly #consumption: ShardConsumption<Service>;
  readonly #owned = new Map<number, OwnedPartition>();
  readonly #closing = new AbortController();
  readonly #snapshots: SnapshotWriter;
  readonly #sender: OutputSender<OwnedStep>;
  readonly #missing: MissingCommands;
  readonly #voidedWatch: VoidedWatch;
  #consumer: GroupConsumer | null = null;
  /** Changes when the group is joined, and when it is left. */
  #membership = 0;
  /** No more commands are applied: what was is handed over. */
  #leaving = false;
  /** The batch that is computed. */
  #stepping: Promise<unknown> = Promise.resolve();
  /** The one batch in flight. */
  #inFlight: Promise<void> = Promise.resolve();
  #state: RunnerState = "starting";
  #reason: string | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: ShardParts, service: Service, consumption: ShardConsumption<Service>) {
    const { input, outputs } = consumption;
    assert(
      new Set(input.events.map(({ writer }) => writer)).size === 1,
      "a shard's input has one writer (R8)",
    );
    assert(
      outputs.every(({ partitions }) => partitions === input.partitions),
      "input and outputs of a shard have equal partition counts (R8)",
    );
    this.#parts = parts;
    this.#service = service;
    this.#consumption = consumption;
    this.subscription = consumption.subscription;
    this.#snapshots = new SnapshotWriter(this.subscription, parts);
    const { signal } = this.#closing;
    this.#sender = new OutputSender(
      { ...parts, subscription: this.subscription, signal },
      {
        acknowledged: (steps) => this.#acknowledged(steps),
        refused: ({ owned }, refusal) => this.#stopPartition(owned, refusal),
        lostEnd: ({ owned }, error) => this.#makeAgain(owned, error, "its outputs are made again"),
        gapWritten: ({ owned }, error) =>
          this.#makeAgain(
            owned,
            error,
            "it has later numbers there now, what is missing is made again behind them",
          ),
      },
    );
    this.#missing = new MissingCommands({
      ...parts,
      subscription: this.subscription,
      topic: input.name,
      closing: signal,
    });
    this.#voidedWatch = new VoidedWatch({
      ...parts,
      subscription: this.subscription,
      signal,
      isOwned: (owned) => this.#isOwned(owned),
      // Start-up and recovery are one path: all partitions of this instance are taken over again.
      voided: async () => this.#consumer?.close(),
    });
  }

  start(): void {
    const { stopped, snapshotFailures, lostEnds } = this.#parts.metrics;
    stopped.set({ subscription: this.subscription }, 0);
    // An alarm on an increase needs the zero before it.
    snapshotFailures.inc({ subscription: this.subscription }, 0);
    for (const { name } of this.#consumption.outputs) lostEnds.inc({ topic: name }, 0);
    this.#running = this.#run();
  }

  status(): ConsumptionStatus {
    const { input } = this.#consumption;
    const at = { topic: input.name, writer: input.events[0]?.writer ?? "" };
    const partitions = [...this.#owned.values()].map((owned) => statusOf(owned, at));
    return {
      subscription: this.subscription,
      kind: "shard",
      ...this.#standing(),
      partitions,
    };
  }

  /** A shard has no tables: its group is told by whoever has a partition how far it is acknowledged. */
  async elsewhere(): Promise<readonly PartitionElsewhere[]> {
    const { input } = this.#consumption;
    const missing = partitionsElsewhere([input], ({ partition }) => this.#owned.has(partition));
    if (missing.length === 0) return [];
    const told = await this.#parts.bus.committed(this.#group);
    const offsets = new Map(told.map((at) => [topicPartitionKey(at), at.committed]));
    return missing.map((at) => ({
      ...at,
      nextOffset: offsets.get(topicPartitionKey(at)) ?? null,
      isApplied: () => false,
    }));
  }

  unready(): readonly string[] {
    const reasons = [...this.stopped()];
    const { state, reason } = this.#standing();
    if (state !== "running" && state !== "stopped")
      reasons.push(`${this.subscription}: ${state}${reason === null ? "" : `: ${reason}`}`);
    for (const { partition, error, announced } of this.#owned.values())
      if (error === null && !announced)
        reasons.push(`${this.subscription}: partition ${partition} is being replayed`);
    return reasons;
  }

  stopped(): readonly string[] {
    const reasons: string[] = [];
    if (this.#state === "stopped")
      reasons.push(`${this.subscription}: stopped${this.#reason === null ? "" : `: ${this.#reason}`}`);
    for (const { partition, error } of this.#owned.values())
      if (error !== null) reasons.push(`${this.subscription}: partition ${partition} stopped: ${error}`);
    return reasons;
  }

  /** A runner that sends outputs again and again has its partitions, and gets on no further. */
  #standing(): { readonly state: RunnerState; readonly reason: string | null } {
    const { retrying } = this.#sender;
    if (this.#state === "running" && retrying !== null) return { state: "retrying", reason: retrying };
    return { state: this.#state, reason: this.#reason };
  }

  async close(): Promise<void> {
    this.#leaving = true;
    await settledWithin(this.#parts.timer, HAND_OVER_MS, this.#handOverAll());
    this.#closing.abort();
    await this.#leave();
    await settledWithin(this.#parts.timer, CLOSE_MS, this.#running);
    await this.#snapshots.settled();
    if (this.#state !== "stopped") this.#state = "closed";
  }

  async #run(): Promise<void> {
    const { timer, log } = this.#parts;
    const signal = this.#closing.signal;
    const backoff = createBackoff(timer, signal);
    const stops = [
      timer.every(TELL_EVERY_MS, () => void this.#tellGroup()),
      timer.every(AGED_POLL_MS, () => this.#saveAged()),
      timer.every(LOOK_EVERY_MS, () => void this.#lookAtEnds()),
    ];
    const stopTimers = (): void => {
      for (const stop of stops) stop();
    };
    // A batch whose outcome stays unknown may hold up the end for ever.
    signal.addEventListener("abort", stopTimers);
    while (!signal.aborted) {
      try {
        this.#consumer = await this.#join();
        backoff.reset();
        await this.#follow(this.#consumer);
        if (signal.aborted) break;
        await this.#inFlight;
      } catch (error) {
        if (signal.aborted) break;
        if (!isRetryable(error)) {
          this.#stop(error);
          break;
        }
        this.#state = "retrying";
        this.#reason = reasonOf(error);
        log.warn({ subscription: this.subscription, reason: this.#reason }, "joined again");
        await backoff.wait();
      } finally {
        await this.#leave();
        this.#membership += 1;
        this.#drop([...this.#owned.keys()]);
      }
    }
    stopTimers();
    await this.#inFlight.catch(() => undefined);
  }

  #join(): Promise<GroupConsumer> {
    this.#membership += 1;
    const membership = this.#membership;
    return this.#parts.bus.consume({
      group: this.#group,
      topics: [this.#consumption.input.name],
      onAssigned: (partitions) => this.#assign(partitions, membership),
      onRevoked: (partitions) => this.#drop(partitions.map(({ partition }) => partition)),
      onUnreadable: ({ partition }, error) => {
        const owned = this.#owned.get(partition);
        if (owned?.error === null) this.#stopPartition(owned, error);
      },
    });
  }

  get #group(): string {
    return `${this.#parts.serviceName}.${this.subscription}`;
  }

  async #assign(
    partitions: readonly TopicPartition[],
    membership: number,
  ): Promise<ReadonlyMap<string, StartPosition>> {
    this.#parts.metrics.rebalances.inc({ subscription: this.subscription });
    const positions = new Map<string, StartPosition>();
    // Beside each other: the market stands still for as long as the slowest takes, which is mostly the way to the broker.
    const opened = await Promise.all(partitions.map(({ partition }) => this.#open(partition)));
    if (membership !== this.#membership) {
      // It has left the group meanwhile: they are others', and nobody will say so.
      for (const { shard } of opened) void shard?.close();
      return positions;
    }
    for (const owned of opened) {
      const { partition } = owned;
      this.#owned.set(partition, owned);
      if (owned.broken === null) {
        const label = { subscription: this.subscription, partition: String(partition) };
        this.#parts.metrics.brokenCommand.set(label, 0);
      }
      const at = { topic: this.#consumption.input.name, partition };
      positions.set(topicPartitionKey(at), owned.shard?.start ?? "latest");
      this.#announce(owned);
    }
    this.#state = "running";
    this.#reason = null;
    const isStopped = [...this.#owned.values()].some(({ error }) => error !== null);
    this.#parts.metrics.stopped.set({ subscription: this.subscription }, isStopped ? 1 : 0);
    return positions;
  }

  /** A partition that can't be restored is stopped by itself; a bus that doesn't answer fails the whole assignment. */
  async #open(partition: number): Promise<OwnedPartition> {
    const { bus, timer, serviceName, contracts, sharedFolder, openSnapshots } = this.#parts;
    const { input, outputs, snapshotEvery, create } = this.#consumption;
    const folder = shardFolder(sharedFolder, {
      subscription: this.subscription,
      topic: input.name,
      partition,
    });
    const snapshots = openSnapshots(folder);
    const owned = newlyOwned(partition, snapshots);
    try {
      await snapshots.forgetBroken?.();
      owned.shard = await ShardPartition.open({
        bus,
        timer,
        producer: serviceName,
        contracts,
        decode: createDecoder([input]),
        snapshots,
        input,
        outputs,
        partition,
        snapshotEvery,
        create: () => create(this.#service, partition),
      });
      owned.doneOffset = owned.shard.nextOffset;
      owned.mayLieBefore = owned.doneOffset !== null;
      owned.outputs = owned.shard.outputLogs;
    } catch (error) {
      if (isRetryable(error)) throw error;
      this.#stopPartition(owned, error);
    }
    return owned;
  }

  async #follow(consumer: GroupConsumer): Promise<void> {
    let found: readonly TakenCommands[] = [];
    while (!this.#closing.signal.aborted) {
      const taken = found.length > 0 ? found : this.#ownersOf(await consumer.take(BATCH));
      if (taken.length === 0) return;
      found = [];
      // They are the next owner's.
      if (this.#leaving) continue;
      const stepping = this.#stepAndSend(taken, consumer);
      this.#stepping = stepping.catch(() => undefined);
      found = await stepping;
    }
  }

  /**
   * Computes a batch while the one before is in flight, and sends it when that one is acknowledged. Answers with missing
   * commands that were found, to be applied next.
   */
  async #stepAndSend(
    taken: readonly TakenCommands[],
    consumer: GroupConsumer,
  ): Promise<readonly TakenCommands[]> {
    const found: TakenCommands[] = [];
    const steps: OwnedStep[] = [];
    for (const { owned, commands } of taken) {
      if (owned === undefined || !this.#isOwned(owned)) continue;
      if (owned.shard === null || owned.halted) {
        consumer.pause({ topic: this.#consumption.input.name, partition: owned.partition });
        continue;
      }
      const step = await owned.shard.step(commands);
      // Stopped meanwhile: nothing is sent behind what the bus has refused.
      if (owned.error !== null) continue;
      // The bus went away in the middle of a comparison: everything is taken over again.
      if (isRetryable(step.fault)) throw step.fault;
      const missing = await this.#missing.lookFor(owned, step, consumer);
      if (missing !== null && missing.length > 0) found.push({ owned, commands: missing });
      owned.halted = step.fault !== null && missing === null;
      steps.push({ owned, step: missing === null ? step : { ...step, fault: null } });
    }
    await this.#inFlight;
    if (this.#closing.signal.aborted) return [];
    this.#inFlight = this.#sender.send(steps.filter(({ owned }) => owned.error === null));
    // Seen by the next round, which awaits it.
    this.#inFlight.catch(() => undefined);
    return found;
  }

  /** As it is now: a partition that goes and comes back while another one is stepped begins anew. */
  #ownersOf(records: readonly BusRecord[]): TakenCommands[] {
    return Array.from(byPartition(records), ([partition, commands]) => ({
      owned: this.#owned.get(partition),
      commands,
    }));
  }

  #acknowledged(steps: readonly OwnedStep[]): void {
    const { metrics, log } = this.#parts;
    const label = { subscription: this.subscription };
    for (const { owned, step } of steps) {
      if (step.lacking > 0)
        log.warn(
          { ...label, partition: owned.partition, records: step.lacking },
          "outputs that were missing before later ones are there again, behind them",
        );
      metrics.batchSize.observe(label, step.commands);
      owned.doneOffset = step.nextOffset;
      if (step.duplicates > 0) metrics.duplicatesDropped.inc(label, step.duplicates);
      if (step.fault !== null) this.#stopPartition(owned, step.fault);
      else if (step.snapshot !== null) this.#snapshots.save(owned, step.snapshot);
      this.#announce(owned);
    }
    metrics.unitsCommitted.inc(label);
  }

  /** Commands that are too few for a snapshot get one by their age, once nothing of them is under way. */
  #saveAged(): void {
    const nowMs = this.#parts.clock.nowMs();
    for (const owned of this.#owned.values()) {
      const { shard, halted, announced } = owned;
      if (shard === null || halted || !announced || !isIdle(owned)) continue;
      try {
        const snapshot = shard.snapshotIfAged(nowMs);
        if (snapshot !== null) this.#snapshots.save(owned, snapshot);
      } catch (error) {
        this.#stopPartition(owned, error);
      }
    }
  }

  #announce(owned: OwnedPartition): void {
    if (owned.announced || owned.shard === null || !owned.shard.caughtUp) return;
    if (!this.#isOwned(owned)) return;
    owned.announced = true;
    this.#consumption.owned?.(this.#service, owned.partition, owned.shard.program);
  }

  /** R8: the partition's memory is dropped, the alarm rings, the others go on. */
  #stopPartition(owned: OwnedPartition, error: unknown): void {
    const { metrics, log } = this.#parts;
    const { partition } = owned;
    owned.error = reasonOf(error);
    if (error instanceof BrokenCommandError) {
      owned.broken = error.sequence;
      metrics.brokenCommand.set(
        { subscription: this.subscription, partition: String(partition) },
        error.sequence,
      );
      this.#voidedWatch.of(owned, error);
    }
    void owned.shard?.close();
    owned.shard = null;
    metrics.stopped.set({ subscription: this.subscription }, 1);
    metrics.stops.inc({ subscription: this.subscription });
    log.error(
      { subscription: this.subscription, partition, reason: owned.error, err: error },
      "shard partition stopped",
    );
    this.#lost(owned);
  }

  async #lookAtEnds(): Promise<void> {
    const { bus, log } = this.#parts;
    try {
      for (const { owned, error } of await lostOutputs(bus, this.#owned.values()))
        if (owned.error === null && this.#isOwned(owned))
          this.#makeAgain(owned, error, "its outputs are made again");
    } catch (error) {
      const reason = reasonOf(error);
      log.warn({ subscription: this.subscription, reason }, "the outputs' ends could not be looked at");
    }
  }

  /** R8: taking over makes what is lost again, with the numbers that it had; the other partitions are taken over with it. */
  #makeAgain(owned: OwnedPartition, error: LostEndError, what: string): void {
    const { metrics, log } = this.#parts;
    const { topic, partition } = error.at;
    metrics.lostEnds.inc({ topic });
    log.error({ topic, partition }, `the topic has lost its end: ${what}`);
    owned.error = reasonOf(error);
    void owned.shard?.close();
    owned.shard = null;
    this.#lost(owned);
    void this.#consumer?.close();
  }

  #drop(partitions: readonly number[]): void {
    for (const partition of partitions) {
      const owned = this.#owned.get(partition);
      if (owned === undefined) continue;
      this.#owned.delete(partition);
      // One that is still compared is ended at once: a comparison may wait for the broker for ever.
      if (owned.announced) void this.#handOver(owned).finally(() => owned.shard?.close());
      else void owned.shard?.close();
      this.#lost(owned);
    }
  }

  async #handOverAll(): Promise<void> {
    await Promise.all(Array.from(this.#owned.values(), (owned) => this.#handOver(owned)));
    await this.#snapshots.settled();
  }

  /** R8: the next owner goes on from a snapshot. Where none is written in time, from one before it: that takes longer. */
  async #handOver(owned: OwnedPartition): Promise<void> {
    await this.#stepping;
    await this.#inFlight.catch(() => undefined);
    const { shard } = owned;
    if (shard === null || owned.halted || !isIdle(owned)) return;
    try {
      const snapshot = await shard.snapshotToLeave();
      if (snapshot !== null) this.#snapshots.save(owned, snapshot);
    } catch (error) {
      const reason = reasonOf(error);
      const { partition } = owned;
      this.#parts.log.warn({ partition, reason }, "a snapshot for the next owner was not taken");
    }
  }

  /** Not given away since, nor given away and back. */
  #isOwned(owned: OwnedPartition): boolean {
    return this.#owned.get(owned.partition) === owned;
  }

  #lost(owned: OwnedPartition): void {
    if (!owned.announced) return;
    owned.announced = false;
    this.#consumption.lost?.(this.#service, owned.partition);
  }

  #stop(error: unknown): void {
    const { metrics, log } = this.#parts;
    this.#state = "stopped";
    this.#reason = reasonOf(error);
    metrics.stopped.set({ subscription: this.subscription }, 1);
    metrics.stops.inc({ subscription: this.subscription });
    log.error({ subscription: this.subscription, reason: this.#reason, err: error }, "shard stopped");
  }

  async #tellGroup(): Promise<void> {
    const consumer = this.#consumer;
    if (consumer === null) return;
    try {
      await tellGroup(consumer, this.#consumption.input.name, this.#owned.values());
    } catch (error) {
      this.#parts.log.warn(
        { subscription: this.subscription, reason: reasonOf(error) },
        "the group was not told how far it is",
      );
    }
  }

  async #leave(): Promise<void> {
    const consumer = this.#consumer;
    // One that is still joining is left once it has joined: `#run` sees to that.
    if (consumer === null) return;
    await this.#tellGroup();
    this.#consumer = null;
    try {
      await consumer.close();
    } catch (error) {
      this.#parts.log.warn(
        { subscription: this.subscription, reason: reasonOf(error) },
        "the group was not left",
      );
    }
  }
}

function byPartition(records: readonly BusRecord[]): ReadonlyMap<number, readonly BusRecord[]> {
  const groups = new Map<number, BusRecord[]>();
  for (const record of records) {
    const group = groups.get(record.partition);
    if (group === undefined) groups.set(record.partition, [record]);
    else group.push(record);
  }
  return groups;
}
