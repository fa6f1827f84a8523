import { join } from "node:path";
import { unlessAborted } from "../bench-command.ts";
import { type MachineShares, type MachineTicks, machineShares, machineTicks } from "../machine-time.ts";
import { median } from "../percentiles.ts";
import {
  type BenchedOptions,
  type BenchedPlatform,
  startEmbedded,
  startOnKafka,
} from "./benched-platform.ts";
import { BenchDatabase } from "./database.ts";
import { Floor } from "./floor/floor.ts";
import { GatewayClient } from "./gateway-client.ts";
import type { ClosedLoopResult, JobOrders, OpenLoopResult } from "./load-jobs.ts";
import { LoadProcess } from "./load-process.ts";
import { type MemoryPeaks, MemoryWatch } from "./memory-watch.ts";
import type { BusKind, SpineOptions } from "./options.ts";
import { type ClosedName, type Plan, planOf } from "./plan.ts";
import {
  type MicrosAnOrder,
  microsAnOrder,
  type ProcessorSeconds,
  processorSeconds,
  secondsBetween,
} from "./processor-time.ts";
import { untilQuiet } from "./quiet.ts";
import { type ReplayResult, replay } from "./replay.ts";
import { setUpVenue } from "./set-up-venue.ts";
import { STATEMENT_SETTINGS, StatementWatch } from "./statements.ts";
import { plainVenue } from "./venue.ts";

/** What the tables held of a load's orders once the platform was quiet again. */
export interface Found {
  /** Accepted orders; equal to what was acknowledged, or the run has failed. */
  readonly orders: number;
  readonly trades: number;
  /** How long the platform went on settling after the last acknowledgement. */
  readonly catchUpMs: number;
}

/** One load of the platform, and the floor's in turn with it. */
export interface Measured<Result> {
  readonly load: Result;
  readonly found: Found;
  /** Until the platform was quiet again, warm-up included. */
  readonly micros: MicrosAnOrder;
  /** What the machine had to spare, and what was taken from it, in the same time. */
  readonly machine: MachineShares | null;
  readonly floor: FloorMeasure<Result> | null;
}

/** The same orders, counted in SQL, too. */
export interface FloorMeasure<Result> {
  /** Before the platform's load, and after it. */
  readonly loads: readonly [Result, Result];
  /** PostgreSQL's is of the whole server: what the idle platform asks of it meanwhile is among it. */
  readonly micros: MicrosAnOrder;
  readonly machine: MachineShares | null;
  /** What the idle platform took beside the floor, without its PostgreSQL. */
  readonly platformCores: number;
}

export interface ClosedMeasure extends Measured<ClosedLoopResult> {
  readonly name: ClosedName;
}

/** Orders a second of closed loads: the middle one of all their windows. */
export function rateOf(...loads: readonly ClosedLoopResult[]): number | null {
  return median(loads.flatMap(({ windowRates }) => windowRates));
}

/** Everything that was measured of one platform. */
export interface Measures {
  readonly bus: BusKind;
  readonly startSeconds: number;
  readonly durability: Readonly<Record<string, string>>;
  readonly replay: ReplayResult;
  readonly steady: Measured<OpenLoopResult>;
  readonly closed: readonly ClosedMeasure[];
  readonly memory: MemoryPeaks;
}

/** Seeds differ from load to load, and are the same in every run. */
const FIRST_SEED = 20_120_621;

type Progress = (line: string) => void;

/** Starts a private platform, loads it as planned, and takes it down whatever happens. `signal` ends it early. */
export async function measure(
  bus: BusKind,
  options: SpineOptions,
  context: { readonly progress: Progress; readonly signal: AbortSignal },
): Promise<Measures> {
  const { progress, signal } = context;
  const beganMs = performance.now();
  progress(`${bus}: starting`);
  const start = bus === "embedded" ? startEmbedded : startOnKafka;
  const platform = await start({ ...profiling(options), progress, signal });
  try {
    const startSeconds = (performance.now() - beganMs) / 1_000;
    const watch =
      options.profileFolder === null
        ? null
        : await StatementWatch.start(platform.adminUrl, join(options.profileFolder, bus), { signal });
    const running = new Measuring(platform, planOf(options), {
      progress: (line) => progress(`${bus}: ${line}`),
      signal,
      watch,
    });
    return { bus, startSeconds, ...(await unlessAborted(signal, running.run())) };
  } finally {
    await platform.stop();
  }
}

type AnyResult = ClosedLoopResult | OpenLoopResult;
type Load<Result> = (orders: JobOrders) => Promise<Result>;

interface MeasuringContext {
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly watch: StatementWatch | null;
}

class Measuring {
  readonly #platform: BenchedPlatform;
  readonly #plan: Plan;
  readonly #progress: Progress;
  readonly #signal: AbortSignal;
  /** Of the loads of the platform; null where nobody asked. */
  readonly #watch: StatementWatch | null;
  readonly #gateway: GatewayClient;
  readonly #database: BenchDatabase;
  readonly #memory: MemoryWatch;
  /** Client order ids are for ever (R10). */
  readonly #run = `b${Date.now().toString(36)}`;
  #loads = 0;
  #floor: Floor | null = null;

  constructor(platform: BenchedPlatform, plan: Plan, { progress, signal, watch }: MeasuringContext) {
    this.#platform = platform;
    this.#plan = plan;
    this.#progress = progress;
    this.#signal = signal;
    this.#watch = watch;
    this.#gateway = new GatewayClient({
      url: platform.gatewayUrl,
      key: platform.operatorKey,
      connections: 2,
    });
    this.#database = new BenchDatabase(platform.adminUrl);
    this.#memory = new MemoryWatch(platform);
  }

  async run(): Promise<Omit<Measures, "bus" | "startSeconds">> {
    const client = new LoadProcess();
    try {
      const durability = await this.#database.durability();
      const replayed = await this.#replay();
      this.#progress(`opening ${this.#plan.accounts} accounts`);
      const { gatewayUrl, operatorKey, adminUrl } = this.#platform;
      const size = plainVenue(this.#plan.accounts);
      const desk = await setUpVenue({ gatewayUrl, operatorKey, ...size, keys: true });
      if (this.#plan.floor !== null) {
        this.#floor = await Floor.start({ adminUrl, desk, signal: this.#signal });
        await this.#warmUp(this.#floor, client);
      }
      const closed: ClosedMeasure[] = [];
      for (const [index, { name, ...load }] of this.#plan.closed.entries()) {
        this.#progress(`as many as it takes, ${load.connections} connections, ${load.batchSize} a request`);
        const ofFloor = this.#plan.floor?.closed[index];
        const measured = await this.#inTurn<ClosedLoopResult>(
          { desk, name },
          (orders) => client.run({ ...orders, ...load }),
          (orders) => client.run({ ...orders, ...load, ...ofFloor }),
        );
        closed.push({ name, ...measured });
      }
      this.#progress(`${this.#plan.steady.ordersPerSecond} orders a second`);
      const steady = await this.#inTurn<OpenLoopResult>(
        { desk, name: "steady" },
        (orders) => client.run({ ...orders, ...this.#plan.steady }),
        (orders) => client.run({ ...orders, ...this.#plan.steady, ...this.#plan.floor?.steady }),
      );
      checkSettled(steady.load, steady.found);
      return { durability, replay: replayed, steady, closed, memory: this.#memory.stop() };
    } finally {
      client.close();
      this.#memory.stop();
      await this.#floor?.stop();
      await this.#watch?.close();
      await this.#gateway.close();
      await this.#database.close();
    }
  }

  async #replay(): Promise<ReplayResult> {
    this.#progress("replaying recorded order flow");
    const result = await replay(this.#platform, this.#plan.replayCommands);
    this.#memory.samplePostgres();
    return result;
  }

  /** Its code is little, and compiled soon. The platform's has been warmed by the replay. */
  async #warmUp(floor: Floor, client: LoadProcess): Promise<void> {
    const load = {
      kind: "closed",
      connections: 64,
      batchSize: 1,
      warmupMs: 0,
      windowMs: 300,
      windows: 1,
    } as const;
    await client.run({ ...load, desk: floor.desk, seed: FIRST_SEED, prefix: `${this.#run}-0-` });
    await floor.takeCount("");
  }

  /** Half of the floor's load, the platform's, the other half: what slows the machine down for a while slows both. */
  async #inTurn<Result extends AnyResult>(
    { desk, name }: { readonly desk: JobOrders["desk"]; readonly name: string },
    load: Load<Result>,
    floorLoad: Load<Result>,
  ): Promise<Measured<Result>> {
    this.#loads += 1;
    const orders = { desk, seed: FIRST_SEED + this.#loads, prefix: `${this.#run}-${this.#loads}-` };
    if (this.#floor === null) return { ...(await this.#counted(name, orders, load)), floor: null };
    const before = await this.#onFloor(this.#floor, orders, floorLoad);
    this.#progress("  the platform");
    const ofPlatform = await this.#counted(name, orders, load);
    const after = await this.#onFloor(this.#floor, orders, floorLoad);
    return { ...ofPlatform, floor: bothHalves(before, after) };
  }

  /** Runs a load and looks for its orders in the tables. An order that was acknowledged and is not there fails the run. */
  async #counted<Result extends AnyResult>(
    name: string,
    orders: JobOrders,
    load: Load<Result>,
  ): Promise<Omit<Measured<Result>, "floor">> {
    const tradesBefore = await this.#database.settledTrades();
    await this.#watch?.begin();
    const [before, ticksBefore] = [processorSeconds(this.#platform), machineTicks()];
    const result = await load(orders);
    this.#memory.samplePostgres();
    const catchUpMs = await untilQuiet(this.#gateway);
    const used = secondsBetween(before, processorSeconds(this.#platform));
    const machine = machineShares([ticksBefore, machineTicks()]);
    const micros = microsAnOrder([used], result.acknowledged);
    const file = await this.#watch?.end(name, result.acknowledged);
    if (file !== undefined) this.#progress(`  wrote ${file}`);
    const found = await this.#database.acceptedOrders(orders.prefix);
    const trades = (await this.#database.settledTrades()) - tradesBefore;
    checkWritten("the platform", result, found);
    return { load: result, found: { orders: found, trades, catchUpMs }, micros, machine };
  }

  /** While the platform is quiet. */
  async #onFloor<Result extends AnyResult>(
    floor: Floor,
    orders: JobOrders,
    load: Load<Result>,
  ): Promise<FloorHalf<Result>> {
    this.#progress("  the floor");
    const { postgresPid } = this.#platform;
    const processes = { nodes: [{ pid: floor.pid }], postgresPid, kafkaPid: null };
    const [beganMs, ticksBefore] = [performance.now(), machineTicks()];
    const [before, platformBefore] = [processorSeconds(processes), processorSeconds(this.#platform)];
    const result = await load({ ...orders, desk: floor.desk });
    const used = secondsBetween(before, processorSeconds(processes));
    const platformUsed = secondsBetween(platformBefore, processorSeconds(this.#platform));
    const seconds = (performance.now() - beganMs) / 1_000;
    const ticks = [ticksBefore, machineTicks()] as const;
    checkWritten("the floor", result, await floor.takeCount(orders.prefix));
    return { load: result, used, platformUsed, seconds, ticks };
  }
}

interface FloorHalf<Result> {
  readonly load: Result;
  readonly used: ProcessorSeconds;
  /** By the platform beside it. */
  readonly platformUsed: ProcessorSeconds;
  readonly seconds: number;
  readonly ticks: readonly [MachineTicks | null, MachineTicks | null];
}

function bothHalves<Result extends AnyResult>(
  before: FloorHalf<Result>,
  after: FloorHalf<Result>,
): FloorMeasure<Result> {
  const platformSeconds = [before, after].reduce(
    (sum, { platformUsed: { node, kafka } }) => sum + node + (kafka ?? 0),
    0,
  );
  return {
    loads: [before.load, after.load],
    micros: microsAnOrder([before.used, after.used], before.load.acknowledged + after.load.acknowledged),
    machine: machineShares(before.ticks, after.ticks),
    platformCores: platformSeconds / (before.seconds + after.seconds),
  };
}

function checkWritten(by: string, { acknowledged }: AnyResult, found: number): void {
  if (found !== acknowledged)
    throw new Error(`${by} acknowledged ${acknowledged} orders, ${found} are in its table`);
}

function checkSettled({ tradesSettled, tradesUnsettled }: OpenLoopResult, { trades }: Found): void {
  if (tradesSettled !== trades || tradesUnsettled !== 0)
    throw new Error(
      `${trades} trades are in the ledger; the client saw ${tradesSettled} settled and ${tradesUnsettled} not`,
    );
}

function profiling({ profileFolder }: SpineOptions): Omit<BenchedOptions, "progress" | "signal"> {
  if (profileFolder === null) return { env: {} };
  const env = { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profileFolder}` };
  return { env, databaseSettings: STATEMENT_SETTINGS };
}
