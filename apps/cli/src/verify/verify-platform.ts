import type { GatewayClient } from "../client.ts";
import type { Patience } from "../patience.ts";
import { listTopics, partitionsOf } from "../topic-records.ts";
import { checkRule, notChecked, type Rule, type RuleReport, rulesOf } from "./check-invariants.ts";
import { waitUntilQuiet } from "./wait-until-quiet.ts";

/** A market with participants moves while it is looked at. */
const MAX_LOOKS = 5;

export interface VerifyOptions {
  readonly patience: Patience;
  readonly onRule?: (rule: Rule, done: number, total: number) => void;
}

/**
 * Waits until all lags are zero, then asks every service to check its rules, one after the other: each reads whole tables
 * or topics, and is an answer of its own, so that only the longest of them decides how long one answer takes. Violations
 * are believed where the platform rested around the look that found them; else the rule is looked at again: what is wrong
 * stays wrong, and what was on its way has arrived.
 */
export async function verifyPlatform(
  client: GatewayClient,
  options: VerifyOptions,
): Promise<readonly RuleReport[]> {
  const rest = new Rest(client, options.patience);
  await rest.begin();
  const reports: RuleReport[] = [];
  const rules: Rule[] = [];
  for (const service of await serviceNames(client)) {
    try {
      rules.push(...(await rulesOf(client, service)));
    } catch (error) {
      reports.push(notChecked({ service, name: "checkable", rule: "its rules can be checked" }, error));
    }
  }
  for (const [done, rule] of rules.entries()) {
    options.onRule?.(rule, done, rules.length);
    reports.push(await settledReport(client, rule, rest));
  }
  return reports;
}

async function serviceNames(client: GatewayClient): Promise<readonly string[]> {
  const { services } = await client.get<{ services: readonly { readonly service: string }[] }>(
    "/api/v1/platform/status",
  );
  return services.map(({ service }) => service);
}

async function settledReport(client: GatewayClient, rule: Rule, rest: Rest): Promise<RuleReport> {
  for (let look = 1; ; look++) {
    const report = await checkRule(client, rule);
    if (report.violationCount === 0 || (await rest.lasts())) return report;
    if (look === MAX_LOOKS) return { ...report, moving: true };
    await rest.begin();
  }
}

/**
 * Nothing is written from before one quiet moment until after another. What is published just before a look may still be
 * consumed during it, and what is committed during it published after it: neither shows in the logs around the look alone.
 */
class Rest {
  readonly #client: GatewayClient;
  readonly #patience: Patience;
  /** null: nobody could tell then. */
  #written: string | null = null;

  constructor(client: GatewayClient, patience: Patience) {
    this.#client = client;
    this.#patience = patience;
  }

  async begin(): Promise<void> {
    // A platform that does not answer yet is waited for below.
    this.#written = await recordsWritten(this.#client).catch(() => null);
    await waitUntilQuiet(this.#client, this.#patience);
  }

  /** Whether it has lasted since its beginning. */
  async lasts(): Promise<boolean> {
    await waitUntilQuiet(this.#client, this.#patience);
    return (await recordsWritten(this.#client)) === this.#written;
  }
}

/** Changes with every record that is published. */
async function recordsWritten(client: GatewayClient): Promise<string> {
  const topics = await listTopics(client);
  return topics
    .map(
      (topic) =>
        `${topic.name} ${partitionsOf(topic)
          .map(({ latest }) => latest)
          .join(" ")}`,
    )
    .join("\n");
}
