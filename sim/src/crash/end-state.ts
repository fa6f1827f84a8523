import type { Trader } from "../flows/trader.ts";
import { ACCOUNTS } from "../flows/venue.ts";

/** What the venue came to: everything that a participant can see of it, without times. */
export type EndState = Readonly<Record<string, unknown>>;

const TIMES: ReadonlySet<string> = new Set(["createdAt", "updatedAt", "expireAt"]);

export async function readEndState(operator: Trader): Promise<EndState> {
  const state: Record<string, unknown> = {};
  for (const accountId of ACCOUNTS) {
    const account = (await operator.get(`/api/v1/accounts/${accountId}`)).body;
    const { orders } = (await operator.get("/api/v1/orders", { accountId })).body;
    const { positions } = (await operator.get(`/api/v1/accounts/${accountId}/positions`)).body;
    const sorted = [...orders].sort((a, b) => (a.orderId < b.orderId ? -1 : 1));
    state[accountId] = { account, orders: sorted.map(withoutTimes), positions: positions.map(held) };
  }
  const { order, wallet } = (await operator.get("/api/v1/platform/counts")).body;
  // Not the number of journal entries: it depends on which facts share a batch.
  const { journals: _, ...walletCounts } = wallet;
  return { ...state, open: order.open, waiting: order.commandsWaiting, wallet: walletCounts };
}

function withoutTimes(order: object): object {
  return Object.fromEntries(Object.entries(order).filter(([field]) => !TIMES.has(field)));
}

/** Not its market value: a mark price may come a moment later. */
function held(position: Record<string, unknown>): object {
  const { symbol, quantity, cost, realisedPnl, fees, trades } = position;
  return { symbol, quantity, cost, realisedPnl, fees, trades };
}

/** Where two states differ, the first few places. */
export function differences(expected: unknown, found: unknown, path = ""): readonly string[] {
  if (JSON.stringify(expected) === JSON.stringify(found)) return [];
  if (isPlain(expected) && isPlain(found)) {
    const fields = [...new Set([...Object.keys(expected), ...Object.keys(found)])];
    return fields
      .flatMap((field) => differences(expected[field], found[field], `${path}.${field}`))
      .slice(0, 8);
  }
  return [`${path.slice(1)} is ${JSON.stringify(found)}, undisturbed it is ${JSON.stringify(expected)}`];
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
