import { unlessAborted } from "../bench-command.ts";
import { cpuSeconds } from "../cpu-time.ts";
import { median } from "../percentiles.ts";
import { type BenchedPlatform, startEmbedded } from "../spine/benched-platform.ts";
import { BenchDatabase } from "../spine/database.ts";
import { GatewayClient } from "../spine/gateway-client.ts";
import type { ClosedLoopResult, Latency } from "../spine/load-jobs.ts";
import { LoadProcess } from "../spine/load-process.ts";
import { MemoryWatch } from "../spine/memory-watch.ts";
import { untilQuiet } from "../spine/quiet.ts";
import { setUpVenue } from "../spine/set-up-venue.ts";
import { restOrders } from "./rest-orders.ts";
import type { Scenario } from "./scenarios.ts";

/** What one venue did with the same load. */
export interface Growth {
  readonly name: Scenario["name"];
  readonly words: string;
  readonly ordersPerSecond: number | null;
  /** Processor time of the platform and PostgreSQL until all was settled, over the orders that were acknowledged. */
  readonly cpuMicrosPerOrder: number;
  readonly requests: Latency;
  readonly nodeRssMb: number | null;
  readonly postgresRssMb: number | null;
  readonly setUpSeconds: number;
}

const BATCH = 100;
const CONNECTIONS = 16;
const WARMUP_MS = 5_000;
const WINDOW_MS = 2_000;
const SEED = 20_120_621;

interface GrowthContext {
  readonly seconds: number;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Starts a private platform, lets it grow, and loads it with batches around the reference price. `signal` ends it early. */
export async function measureGrowth(
  scenario: Scenario,
  { seconds, signal, ...context }: GrowthContext,
): Promise<Growth> {
  const progress = (line: string): void => context.progress(`${scenario.name}: ${line}`);
  const platform = await startEmbedded({ env: {}, progress, signal });
  try {
    return await unlessAborted(signal, growAndLoad(platform, scenario, { seconds, progress }));
  } finally {
    await platform.stop();
  }
}

async function growAndLoad(
  platform: BenchedPlatform,
  scenario: Scenario,
  { seconds, progress }: Omit<GrowthContext, "signal">,
): Promise<Growth> {
  const client = new LoadProcess();
  const memory = new MemoryWatch(platform);
  try {
    const beganMs = performance.now();
    progress(`opening ${scenario.size.accounts} accounts, listing ${scenario.size.symbols} symbols`);
    const { gatewayUrl, operatorKey } = platform;
    const desk = await setUpVenue({ gatewayUrl, operatorKey, ...scenario.size, keys: false });
    if (scenario.resting > 0) {
      progress(`placing ${scenario.resting} orders that rest`);
      await restOrders(desk, { orders: scenario.resting, seed: SEED, progress });
    }
    const setUpSeconds = (performance.now() - beganMs) / 1_000;
    progress("as many as it takes");
    const load = {
      kind: "closed",
      connections: CONNECTIONS,
      batchSize: BATCH,
      warmupMs: WARMUP_MS,
      windowMs: WINDOW_MS,
      windows: Math.ceil((seconds * 1_000) / WINDOW_MS),
    } as const;
    const cpuBefore = cpuOf(platform);
    const result = await client.run({ ...load, desk, seed: SEED + 1, prefix: "growth-" });
    memory.samplePostgres();
    await checkLoad(platform, result);
    const cpuMicros = (cpuOf(platform) - cpuBefore) * 1e6;
    const peaks = memory.stop();
    return {
      name: scenario.name,
      words: scenario.words,
      ordersPerSecond: median(result.windowRates),
      cpuMicrosPerOrder: cpuMicros / result.acknowledged,
      requests: result.requests,
      nodeRssMb: peaks.nodes.platform ?? null,
      postgresRssMb: peaks.postgres,
      setUpSeconds,
    };
  } finally {
    memory.stop();
    client.close();
  }
}

function cpuOf({ nodes, postgresPid }: BenchedPlatform): number {
  return cpuSeconds([...nodes.map(({ pid }) => pid), postgresPid]);
}

/** Until the platform is quiet; an order that was acknowledged and is not in the table fails the run. */
async function checkLoad(
  { gatewayUrl, operatorKey, adminUrl }: BenchedPlatform,
  { acknowledged, refused }: ClosedLoopResult,
): Promise<void> {
  const gateway = new GatewayClient({ url: gatewayUrl, key: operatorKey, connections: 1 });
  const database = new BenchDatabase(adminUrl);
  try {
    await untilQuiet(gateway);
    const found = await database.acceptedOrders("growth-");
    if (found !== acknowledged)
      throw new Error(`${acknowledged} orders were acknowledged, ${found} are in the table`);
    if (Object.keys(refused).length > 0) throw new Error(`orders were refused: ${JSON.stringify(refused)}`);
  } finally {
    await database.close();
    await gateway.close();
  }
}
