import { CliError } from "../cli-error.ts";
import type { GatewayClient } from "../client.ts";
import { RefusedError, UnreachableError } from "../client-errors.ts";
import { EXIT } from "../exit-codes.ts";
import type { Patience } from "../patience.ts";

interface ServiceQuiet {
  readonly service: string;
  readonly quiet?: boolean;
  readonly reasons?: readonly string[];
  /** Why it could not be asked. */
  readonly error?: string;
}

const POLL_MS = 50;
/** A platform that is only being settled is quiet well before; whoever waits longer is told for what. */
const TELL_MS = 10_000;

/**
 * Waits until every service has published and consumed all there is, twice in a row: an event that was on its way
 * between two services at the first look is seen at the second. Resolves with the time of the first of the two looks.
 */
export async function waitUntilQuiet(
  client: GatewayClient,
  patience: Patience,
): Promise<{ readonly quietSinceMs: number }> {
  const startedMs = patience.nowMs();
  let quietSinceMs: number | undefined;
  let told = false;
  for (;;) {
    const lookMs = patience.nowMs();
    const busy = await look(client);
    if (busy.length > 0 && !told && lookMs - startedMs >= TELL_MS) {
      told = true;
      patience.onWait?.(busy.join(", "));
    }
    if (busy.length > 0) quietSinceMs = undefined;
    else if (quietSinceMs !== undefined) return { quietSinceMs };
    else quietSinceMs = lookMs;
    if (busy.length > 0 && lookMs - startedMs >= patience.limitMs) throw notQuiet(busy, patience.limitMs);
    await patience.sleep(POLL_MS);
  }
}

/** Throws `UnreachableError` where nobody answers: one that was never there is not waited for. */
export async function seeThatItAnswers(client: GatewayClient): Promise<void> {
  await busyServices(client);
}

async function look(client: GatewayClient): Promise<readonly string[]> {
  try {
    return await busyServices(client);
  } catch (error) {
    if (error instanceof UnreachableError) return [error.message];
    throw error;
  }
}

async function busyServices(client: GatewayClient): Promise<readonly string[]> {
  try {
    const { services } = await client.get<{ services: readonly ServiceQuiet[] }>("/api/v1/platform/quiet");
    return services.flatMap(({ service, quiet, reasons, error }) =>
      quiet === true ? [] : [`${service}: ${error ?? reasons?.join("; ") ?? "busy"}`],
    );
  } catch (error) {
    if (error instanceof RefusedError && error.retryable) return [error.message];
    throw error;
  }
}

function notQuiet(busy: readonly string[], limitMs: number): CliError {
  return new CliError(
    EXIT.failed,
    [
      `the platform is still busy after ${Math.round(limitMs / 1_000)} s. A market with participants in it never rests:`,
      "`bourse up --no-demo` starts one without. What is going on:",
      ...busy.map((line) => `  ${line}`),
    ].join("\n"),
  );
}
