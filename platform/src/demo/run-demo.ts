import { present, seededRandom, type Timer } from "@bourse/base";
import { DEMO_INSTRUMENTS, MAKER, TAKERS } from "./market.ts";
import { type BatchItem, FairPrice, MarketMaker, Taker } from "./participants.ts";
import { PublicApi } from "./public-api.ts";
import { setUpDemo } from "./set-up-demo.ts";

export interface Demo {
  stop(): Promise<void>;
}

/** The demo's participants decide the same in every run. */
export const DEMO_SEED = 1792;

const QUOTE_EVERY_MS = 1_500;
const TAKE_EVERY_MS = 700;
const RETRY_MS = 2_000;

/**
 * A market that lives: a market maker and takers who trade by the public API with keys of their own. `run` is part of
 * their client order ids, since those are for ever (R10). What fails is told to `log` and tried again.
 */
export function runDemo(options: {
  readonly gatewayUrl: string;
  readonly operatorKey: string;
  readonly dataFolder: string;
  readonly seed: number;
  readonly run: string;
  readonly timer: Timer;
  readonly log: (line: string) => void;
}): Demo {
  const stopped = new AbortController();
  const done = participate(options, stopped.signal);
  return {
    stop: async () => {
      stopped.abort();
      await done;
    },
  };
}

async function participate(options: Parameters<typeof runDemo>[0], signal: AbortSignal): Promise<void> {
  const { gatewayUrl, operatorKey, dataFolder, seed, run, timer, log } = options;
  const api = (key: string): PublicApi => new PublicApi(gatewayUrl, key);
  const keys = await untilItWorks(() => setUpDemo(api(operatorKey), dataFolder), { timer, log, signal });
  if (keys === null) return;
  const keyOf = (account: string): string => present(keys[account], `the key of ${account}`);
  const maker = api(keyOf(MAKER));
  // What an earlier run left in the book is not this one's to quote around.
  await untilItWorks(() => maker.call("DELETE", `/api/v1/orders?accountId=${MAKER}`), { timer, log, signal });

  const loops: Promise<void>[] = [];
  for (const [index, instrument] of DEMO_INSTRUMENTS.entries()) {
    const random = seededRandom(seed + index);
    const fair = new FairPrice(instrument, random);
    const quoting = new MarketMaker(instrument, random, run);
    loops.push(every(QUOTE_EVERY_MS, () => send(maker, quoting.quote(fair.step())), { timer, log, signal }));
    const account = TAKERS[index % TAKERS.length] ?? TAKERS[0];
    const taking = new Taker(instrument, random, `${run}-${account}`);
    const taker = api(keyOf(account));
    loops.push(every(TAKE_EVERY_MS, () => send(taker, taking.take(fair.ticks)), { timer, log, signal }));
  }
  await Promise.all(loops);
}

async function send(api: PublicApi, items: readonly BatchItem[]): Promise<void> {
  if (items.length > 0) await api.call("POST", "/api/v1/orders/batch", { body: { items } });
}

interface Loop {
  readonly timer: Timer;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal;
}

async function every(
  intervalMs: number,
  turn: () => Promise<void>,
  { timer, log, signal }: Loop,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await turn();
    } catch (error) {
      if (!signal.aborted) log(`a demo participant was refused: ${(error as Error).message}`);
    }
    await timer.sleep(intervalMs, signal);
  }
}

async function untilItWorks<T>(attempt: () => Promise<T>, { timer, log, signal }: Loop): Promise<T | null> {
  while (!signal.aborted) {
    try {
      return await attempt();
    } catch (error) {
      log(`the demo can't be set up yet: ${(error as Error).message}`);
      await timer.sleep(RETRY_MS, signal);
    }
  }
  return null;
}
