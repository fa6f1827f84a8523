import type { GatewayClient } from "./client.ts";
import { RefusedError } from "./client-errors.ts";
import type { Output } from "./output.ts";

/** Of `GET /api/v1/risk/kill-switch`: an account that is stopped, whatever the wallet says of its status. */
export interface KillSwitchView {
  readonly accountId: string;
  readonly engaged: boolean;
  readonly reason?: string;
  readonly actor?: string;
  readonly engagedAt?: string;
}

const PATH = "/api/v1/risk/kill-switch";

/** The switch of one account, or of all that are stopped. null: risk does not answer, and that was said. */
export async function killSwitches(
  client: GatewayClient,
  output: Output,
  accountId?: string,
): Promise<ReadonlyMap<string, KillSwitchView> | null> {
  try {
    const views =
      accountId === undefined
        ? (await client.get<{ killSwitches: readonly KillSwitchView[] }>(PATH)).killSwitches
        : [await client.get<KillSwitchView>(`${PATH}/accounts/${encodeURIComponent(accountId)}`)];
    return new Map(views.filter(({ engaged }) => engaged).map((view) => [view.accountId, view]));
  } catch (error) {
    // Balances are told all the same.
    if (!(error instanceof RefusedError && error.retryable)) throw error;
    output.note(`Whether accounts are stopped is not known: ${error.message}`);
    return null;
  }
}
