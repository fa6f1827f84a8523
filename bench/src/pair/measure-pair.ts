import { present } from "@bourse/base";
import { unlessAborted } from "../bench-command.ts";
import { PROJECT_ROOT } from "../command-process.ts";
import { type MachineShares, machineShares, machineTicks } from "../machine-time.ts";
import { type BenchedPlatform, startEmbedded } from "../spine/benched-platform.ts";
import { BenchDatabase } from "../spine/database.ts";
import { GatewayClient } from "../spine/gateway-client.ts";
import type { ClosedLoop, OpenLoop } from "../spine/load-jobs.ts";
import { LoadProcess } from "../spine/load-process.ts";
import type { Desk } from "../spine/order-requests.ts";
import { planOf } from "../spine/plan.ts";
import {
  type MicrosAnOrder,
  microsAnOrder,
  processorSeconds,
  secondsBetween,
} from "../spine/processor-time.ts";
import { untilQuiet } from "../spine/quiet.ts";
import { setUpVenue } from "../spine/set-up-venue.ts";
import { plainVenue } from "../spine/venue.ts";
import type { LoadName, PairOptions } from "./options.ts";

/** What an order cost on two fresh platforms that had the same load at the same time. */
export interface Round {
  readonly load: LoadName;
  readonly ours: MicrosAnOrder;
  readonly other: MicrosAnOrder;
  readonly machine: MachineShares | null;
}

interface RoundContext {
  /** From 0; the one that was started second is started first in the next. */
  readonly number: number;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

const SEED = 20_120_621;
const ACCOUNTS = 2_000;

/** Takes both platforms down whatever happens. Throws where an order that was acknowledged is not in its table. */
export async function measureRound(
  name: LoadName,
  { against, seconds }: PairOptions,
  { number, progress, signal }: RoundContext,
): Promise<Round> {
  const load = loadNamed(name, seconds);
  const roots = { ours: PROJECT_ROOT, other: against };
  const inTurn = number % 2 === 0 ? (["ours", "other"] as const) : (["other", "ours"] as const);
  const sides: { ours?: Side; other?: Side } = {};
  try {
    for (const which of inTurn) {
      progress(`starting the platform of ${roots[which]}`);
      sides[which] = await Side.start(roots[which], signal);
    }
    progress(`both at once: ${name}, round ${number + 1}`);
    const ticksBefore = machineTicks();
    const both = Promise.all([
      present(sides.ours, "it was started").run(load),
      present(sides.other, "it, too").run(load),
    ]);
    const [ours, other] = await unlessAborted(signal, both);
    return { load: name, ours, other, machine: machineShares([ticksBefore, machineTicks()]) };
  } finally {
    await Promise.all([sides.ours?.stop(), sides.other?.stop()]);
  }
}

/** One platform and its client. */
class Side {
  readonly #platform: BenchedPlatform;
  readonly #gateway: GatewayClient;
  readonly #database: BenchDatabase;
  readonly #client = new LoadProcess();
  readonly #desk: Desk;

  private constructor(platform: BenchedPlatform, desk: Desk) {
    const { gatewayUrl, operatorKey, adminUrl } = platform;
    this.#platform = platform;
    this.#desk = desk;
    this.#gateway = new GatewayClient({ url: gatewayUrl, key: operatorKey, connections: 1 });
    this.#database = new BenchDatabase(adminUrl);
  }

  static async start(root: string, signal: AbortSignal): Promise<Side> {
    const platform = await startEmbedded({ root, env: {}, progress: () => {}, signal });
    try {
      const { gatewayUrl, operatorKey } = platform;
      const opening = setUpVenue({ gatewayUrl, operatorKey, ...plainVenue(ACCOUNTS), keys: true });
      const desk = await unlessAborted(signal, opening);
      return new Side(platform, desk);
    } catch (error) {
      await platform.stop();
      throw error;
    }
  }

  /** From the first order until all is settled. */
  async run(load: ClosedLoop | OpenLoop): Promise<MicrosAnOrder> {
    const before = processorSeconds(this.#platform);
    const prefix = "pair-";
    const { acknowledged } = await this.#client.run({ ...load, desk: this.#desk, seed: SEED, prefix });
    await untilQuiet(this.#gateway);
    const used = secondsBetween(before, processorSeconds(this.#platform));
    const found = await this.#database.acceptedOrders(prefix);
    if (found !== acknowledged)
      throw new Error(`${acknowledged} orders were acknowledged, ${found} are in the table`);
    return microsAnOrder([used], acknowledged);
  }

  async stop(): Promise<void> {
    this.#client.close();
    await this.#database.close();
    await this.#gateway.close();
    await this.#platform.stop();
  }
}

/** As `bench:spine` runs it. */
function loadNamed(name: LoadName, seconds: number): ClosedLoop | OpenLoop {
  const { steady, closed } = planOf({ quick: false, seconds, floor: false });
  if (name === "steady") return steady;
  return present(
    closed.find((load) => load.name === name),
    "a load of the whole plan",
  );
}
