import { median } from "../percentiles.ts";
import { type BenchedPlatform, startEmbedded, startOnKafka } from "./benched-platform.ts";
import { BenchDatabase } from "./database.ts";
import { GatewayClient } from "./gateway-client.ts";
import type { ClosedLoopResult, JobOrders, OpenLoopResult } from "./load-jobs.ts";
import { LoadProcess } from "./load-process.ts";
import { type MemoryPeaks, MemoryWatch } from "./memory-watch.ts";
import type { BusKind, SpineOptions } from "./options.ts";
import { type ClosedName, type Plan, planOf } from "./plan.ts";
import { untilQuiet } from "./quiet.ts";
import { type ReplayResult, replay } from "./replay.ts";
import { setUpVenue } from "./set-up-venue.ts";
import { plainVenue } from "./venue.ts";

/** What the tables held of a load's orders once the platform was quiet again. */
export interface Found {
  /** Accepted orders; equal to what was acknowledged, or the run has failed. */
  readonly orders: number;
  readonly trades: number;
  /** How long the platform went on settling after the last acknowledgement. */
  readonly catchUpMs: number;
}

export interface ClosedMeasure {
  readonly name: ClosedName;
  readonly ordersPerSecond: number | null;
  readonly load: ClosedLoopResult;
  readonly found: Found;
}

/** Everything that was measured of one platform. */
export interface Measures {
  readonly bus: BusKind;
  readonly startSeconds: number;
  readonly durability: Readonly<Record<string, string>>;
  readonly replay: ReplayResult;
  readonly steady: { readonly load: OpenLoopResult; readonly found: Found };
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
  const platform = await start({ env: profileEnvironment(options), progress });
  try {
    const startSeconds = (performance.now() - beganMs) / 1_000;
    const stopped = new Promise<never>((_, reject) => {
      const stop = (): void => reject(new Error("stopped"));
      if (signal.aborted) stop();
      signal.addEventListener("abort", stop);
    });
    const running = new Measuring(platform, planOf(options), (line) => progress(`${bus}: ${line}`));
    return { bus, startSeconds, ...(await Promise.race([running.run(), stopped])) };
  } finally {
    await platform.stop();
  }
}

class Measuring {
  readonly #platform: BenchedPlatform;
  readonly #plan: Plan;
  readonly #progress: Progress;
  readonly #gateway: GatewayClient;
  readonly #database: BenchDatabase;
  readonly #memory: MemoryWatch;
  /** Client order ids are for ever (R10). */
  readonly #run = `b${Date.now().toString(36)}`;
  #loads = 0;

  constructor(platform: BenchedPlatform, plan: Plan, progress: Progress) {
    this.#platform = platform;
    this.#plan = plan;
    this.#progress = progress;
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
      const { gatewayUrl, operatorKey } = this.#platform;
      const size = plainVenue(this.#plan.accounts);
      const desk = await setUpVenue({ gatewayUrl, operatorKey, ...size, keys: true });
      const closed: ClosedMeasure[] = [];
      for (const { name, ...load } of this.#plan.closed) {
        this.#progress(`as many as it takes, ${load.connections} connections, ${load.batchSize} a request`);
        const measured = await this.#counted(desk, (orders) => client.run({ ...orders, ...load }));
        closed.push({ name, ordersPerSecond: median(measured.load.windowRates), ...measured });
      }
      this.#progress(`${this.#plan.steady.ordersPerSecond} orders a second`);
      const steady = await this.#counted(desk, (orders) => client.run({ ...orders, ...this.#plan.steady }));
      checkSettled(steady.load, steady.found);
      return { durability, replay: replayed, steady, closed, memory: this.#memory.stop() };
    } finally {
      client.close();
      this.#memory.stop();
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

  /** Runs a load and looks for its orders in the tables. An order that was acknowledged and is not there fails the run. */
  async #counted<Result extends ClosedLoopResult | OpenLoopResult>(
    desk: JobOrders["desk"],
    load: (orders: JobOrders) => Promise<Result>,
  ): Promise<{ readonly load: Result; readonly found: Found }> {
    this.#loads += 1;
    const prefix = `${this.#run}-${this.#loads}-`;
    const tradesBefore = await this.#database.settledTrades();
    const result = await load({ desk, seed: FIRST_SEED + this.#loads, prefix });
    this.#memory.samplePostgres();
    const catchUpMs = await untilQuiet(this.#gateway);
    const orders = await this.#database.acceptedOrders(prefix);
    const trades = (await this.#database.settledTrades()) - tradesBefore;
    if (orders !== result.acknowledged)
      throw new Error(`${result.acknowledged} orders were acknowledged, ${orders} are in the table`);
    return { load: result, found: { orders, trades, catchUpMs } };
  }
}

function checkSettled({ tradesSettled, tradesUnsettled }: OpenLoopResult, { trades }: Found): void {
  if (tradesSettled !== trades || tradesUnsettled !== 0)
    throw new Error(
      `${trades} trades are in the ledger; the client saw ${tradesSettled} settled and ${tradesUnsettled} not`,
    );
}

function profileEnvironment({ profileFolder }: SpineOptions): Readonly<Record<string, string>> {
  return profileFolder === null ? {} : { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profileFolder}` };
}
