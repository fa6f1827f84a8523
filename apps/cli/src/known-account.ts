import type { GatewayClient } from "./client.ts";
import { RefusedError } from "./client-errors.ts";

/** What is to be stopped does not wait for more. */
const TIMEOUT_MS = 2_000;

/**
 * Throws where nobody has opened the account. Stops and cancels are taken for any name, so that nothing they need to know
 * keeps them from being done: of a name that is mistyped, too, they would say that it was done.
 */
export async function assertKnownAccount(
  client: GatewayClient,
  accountId: string | undefined,
): Promise<void> {
  if (accountId === undefined) return;
  try {
    const path = `/api/v1/accounts/${encodeURIComponent(accountId)}`;
    await client.request({ method: "GET", path, timeoutMs: TIMEOUT_MS });
  } catch (error) {
    // Whatever else keeps the wallet from saying so does not stop a stop.
    if (error instanceof RefusedError && error.problem.code === "unknown_account") throw error;
  }
}
