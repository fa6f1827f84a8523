import { schemaOfService } from "@bourse/store";
import type { Trader } from "../../flows/trader.ts";
import type { World } from "../../world/world.ts";
import { ACCOUNTS } from "../day.ts";
import type { Told } from "../live-day.ts";
import { type Fact, type Facts, readFacts } from "./facts.ts";

/** A day that has become quiet: what everybody was told, what the log has, and what the doors show. */
export interface EndedDay {
  readonly world: World;
  readonly told: readonly Told[];
  /** Something failed on the way. */
  readonly isDisturbed: boolean;
  /** Several processes shared the work. */
  readonly isFleet: boolean;
  readonly facts: Facts;
  readonly nowMs: number;
  /** By order id, as the door shows them. */
  readonly orders: ReadonlyMap<string, Fact>;
  readonly accounts: ReadonlyMap<string, Fact>;
  readonly postings: ReadonlyMap<string, readonly Fact[]>;
  readonly positions: ReadonlyMap<string, readonly Fact[]>;
  readonly markets: ReadonlyMap<string, Market>;
  readonly killed: ReadonlySet<string>;
  /** By an operator, or in the reference data. */
  readonly halted: ReadonlySet<string>;
}

export interface Market {
  readonly book: Fact;
  readonly ticker: Fact;
  readonly tape: readonly Fact[];
  readonly trades: readonly Fact[];
  readonly candles: ReadonlyMap<string, readonly Fact[]>;
}

export const INTERVALS = { "1m": 60_000, "5m": 300_000, "1h": 3_600_000, "1d": 86_400_000 } as const;

/** How many trades a tape shows at most. */
export const TAPE = 1_000;

export async function readEndedDay(
  operator: Trader,
  lived: Pick<EndedDay, "told" | "isDisturbed" | "isFleet">,
): Promise<EndedDay> {
  const { world } = operator.supervisor;
  const read = async (path: string, query: Record<string, string> = {}): Promise<Fact> => {
    const { status, body } = await operator.get(path, query);
    if (status !== 200) throw new Error(`GET ${path} was answered ${status}`);
    return body;
  };
  const orders = new Map<string, Fact>();
  const accounts = new Map<string, Fact>();
  const postings = new Map<string, readonly Fact[]>();
  const positions = new Map<string, readonly Fact[]>();
  for (const accountId of ACCOUNTS) {
    for await (const order of ordersOf(read, accountId)) orders.set(order.orderId, order);
    accounts.set(accountId, await read(`/api/v1/accounts/${accountId}`));
    const ledger = await read(`/api/v1/accounts/${accountId}/ledger`, { limit: "1000" });
    postings.set(accountId, ledger.postings);
    positions.set(accountId, (await read(`/api/v1/accounts/${accountId}/positions`)).positions);
  }
  const markets = new Map<string, Market>();
  const { instruments } = await read("/api/v1/instruments");
  for (const { symbol } of instruments) markets.set(symbol, await readMarket(read, symbol));
  const { killSwitches } = await read("/api/v1/risk/kill-switch");
  return {
    world,
    ...lived,
    facts: readFacts(world.log),
    nowMs: world.time.clock.nowMs() + world.skewMs,
    orders,
    accounts,
    postings,
    positions,
    markets,
    halted: haltedIn(world, instruments),
    killed: new Set(killSwitches.map((each: Fact) => String(each.accountId))),
  };
}

/** What operators have halted is told by no door. */
function haltedIn({ database }: World, instruments: readonly Fact[]): ReadonlySet<string> {
  const text = "SELECT symbol FROM halted_symbols ORDER BY symbol";
  const rows = database.look(schemaOfService("order"), { text, values: [] });
  const listed = instruments.filter(({ status }) => status === "HALTED");
  return new Set([...rows, ...listed].map(({ symbol }) => String(symbol)));
}

type Read = (path: string, query?: Record<string, string>) => Promise<Fact>;

/** A few at a time, so that the cursor is gone along, too. */
async function* ordersOf(read: Read, accountId: string): AsyncGenerator<Fact> {
  let cursor: string | undefined;
  do {
    const page = await read("/api/v1/orders", { accountId, limit: "7", ...(cursor && { cursor }) });
    yield* page.orders;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}

async function readMarket(read: Read, symbol: string): Promise<Market> {
  const path = `/api/v1/markets/${symbol}`;
  const candles = new Map<string, readonly Fact[]>();
  for (const interval of Object.keys(INTERVALS))
    candles.set(interval, (await read(`${path}/candles`, { interval, limit: "1500" })).candles);
  return {
    book: await read(`${path}/book`, { depth: "5000" }),
    ticker: await read(`${path}/ticker`),
    tape: (await read(`${path}/trades`, { limit: String(TAPE) })).trades,
    trades: (await read("/api/v1/trades", { symbol, limit: "10000" })).trades,
    candles,
  };
}

export function isOpen({ status }: Fact): boolean {
  return status === "PENDING" || status === "OPEN" || status === "PARTIALLY_FILLED";
}

/** Accepted and sent to the engine: not refused before, and no tombstone. */
export function engineOrders({ orders, facts }: EndedDay): readonly Fact[] {
  return [...orders.values()].filter(({ orderId }) => facts.created.has(orderId));
}
