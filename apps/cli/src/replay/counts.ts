import type { GatewayClient } from "../client.ts";

/** What the tables of order and wallet hold, of the run alone where the tables can tell. */
export interface Counts {
  readonly order: {
    readonly orders: number;
    readonly accepted: number;
    readonly rejected: number;
    readonly open: number;
    readonly amends: number;
    readonly cancels: number;
    readonly commandsRefused: number;
  };
  readonly wallet: {
    readonly accounts: number;
    readonly holdsOpened: number;
    readonly holdsOpen: number;
    readonly journals: number;
    readonly settlements: number;
  };
}

/** Whole tables are counted, of whoever else uses the platform too. */
const TIMEOUT_MS = 620_000;

export async function countTables(client: GatewayClient, run: string): Promise<Counts> {
  const { body } = await client.request<Counts>({
    method: "GET",
    path: "/api/v1/platform/counts",
    query: { clientOrderIdPrefix: `${run}-` },
    timeoutMs: TIMEOUT_MS,
  });
  return body;
}

/** What has been added since: on a platform that others use, its tables hold more than a run. */
export function walletCountsSince(before: Counts["wallet"], now: Counts["wallet"]): Counts["wallet"] {
  return {
    accounts: now.accounts - before.accounts,
    holdsOpened: now.holdsOpened - before.holdsOpened,
    holdsOpen: now.holdsOpen - before.holdsOpen,
    journals: now.journals - before.journals,
    settlements: now.settlements - before.settlements,
  };
}
