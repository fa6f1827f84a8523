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

export function countTables(client: GatewayClient, run: string): Promise<Counts> {
  return client.get<Counts>("/api/v1/platform/counts", { clientOrderIdPrefix: `${run}-` });
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
