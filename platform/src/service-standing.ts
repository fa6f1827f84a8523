import { INTERNAL_TOKEN_HEADER, isToCome, type ServiceStatus } from "@bourse/host";
import type { DataFolder } from "./data-folder.ts";
import type { Platform, StoppedPart } from "./platform.ts";

const TIMEOUT_MS = 2_000;

/**
 * What of the services goes on only once an operator has seen to it (R8, R12); none where all of them take work. null as
 * long as one of them is not there yet: it does not answer, or waits for what passes by itself, such as a replay.
 */
export async function stoppedParts(
  services: Platform["services"],
  data: Pick<DataFolder, "secret">,
): Promise<readonly StoppedPart[] | null> {
  const standings = await Promise.all(
    services.map(async ({ name, url }) => {
      const status = await statusOf(url, data);
      if (status === null || isToCome(status) || isToBeGiven(status)) return null;
      return status.stopped.map((reason) => ({ service: name, reason }));
    }),
  );
  return standings.some((standing) => standing === null) ? null : standings.flatMap((each) => each ?? []);
}

/** Whether the service takes work, but for what waits for an operator. */
export async function isUp(url: string, data: Pick<DataFolder, "secret">): Promise<boolean> {
  const status = await statusOf(url, data);
  return status !== null && !isToCome(status);
}

/** The group has given it nothing yet of what is left: a partition may still stop at its replay. */
function isToBeGiven({ delivery }: ServiceStatus): boolean {
  const isShard = ({ kind }: { readonly kind: string }): boolean => kind === "shard";
  if (delivery === null) return false;
  return delivery.elsewhere.some(isShard) && !delivery.subscriptions.some(isShard);
}

async function statusOf(url: string, data: Pick<DataFolder, "secret">): Promise<ServiceStatus | null> {
  const token = data.secret("internal token");
  try {
    const answer = await fetch(`${url}/internal/status`, {
      headers: { [INTERNAL_TOKEN_HEADER]: token },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return answer.ok ? ((await answer.json()) as ServiceStatus) : null;
  } catch {
    return null;
  }
}
