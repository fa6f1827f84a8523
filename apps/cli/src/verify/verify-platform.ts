import type { GatewayClient } from "../client.ts";
import type { Patience } from "../patience.ts";
import { listTopics } from "../topic-records.ts";
import { checkService, type RuleReport } from "./check-invariants.ts";
import { waitUntilQuiet } from "./wait-until-quiet.ts";

/** A market with participants moves while it is looked at. */
const MAX_LOOKS = 5;

export interface VerifyOptions {
  readonly patience: Patience;
  readonly onService?: (service: string, done: number, total: number) => void;
}

/**
 * Waits until all lags are zero, then asks every service to check its rules, one after the other: each reads whole
 * tables. Where something was written during a look that found violations, it is looked at again: what is wrong stays
 * wrong, and what was on its way has arrived.
 */
export async function verifyPlatform(
  client: GatewayClient,
  options: VerifyOptions,
): Promise<readonly RuleReport[]> {
  const reports: RuleReport[] = [];
  await waitUntilQuiet(client, options.patience);
  const services = await serviceNames(client);
  for (const [done, service] of services.entries()) {
    options.onService?.(service, done, services.length);
    reports.push(...(await settledReports(client, service, options.patience)));
  }
  return reports;
}

async function serviceNames(client: GatewayClient): Promise<readonly string[]> {
  const { services } = await client.get<{ services: readonly { readonly service: string }[] }>(
    "/api/v1/platform/status",
  );
  return services.map(({ service }) => service);
}

async function settledReports(
  client: GatewayClient,
  service: string,
  patience: Patience,
): Promise<readonly RuleReport[]> {
  for (let look = 1; ; look++) {
    const before = await recordsWritten(client);
    const reports = await checkService(client, service);
    if (reports.every(({ violationCount }) => violationCount === 0)) return reports;
    if ((await recordsWritten(client)) === before) return reports;
    if (look === MAX_LOOKS)
      return reports.map((report) => (report.violationCount === 0 ? report : { ...report, moving: true }));
    await waitUntilQuiet(client, patience);
  }
}

/** Changes with every record that is published. */
async function recordsWritten(client: GatewayClient): Promise<string> {
  const topics = await listTopics(client);
  return topics
    .map(({ name, partitions }) => `${name} ${partitions.map(({ latest }) => latest).join(" ")}`)
    .join("\n");
}
