import type { GatewayClient } from "../client.ts";
import type { Output } from "../output.ts";
import type { Patience } from "../patience.ts";
import { type Progress, startProgress } from "../progress.ts";
import type { Rule, RuleReport } from "./check-invariants.ts";
import { verifyPlatform } from "./verify-platform.ts";

/** {@link verifyPlatform} before the eyes of whoever waits for it. */
export async function verifyWithProgress(
  client: GatewayClient,
  patience: Patience,
  output: Output,
): Promise<readonly RuleReport[]> {
  let progress: Progress | undefined;
  const onRule = (_rule: Rule, done: number, total: number): void => {
    progress ??= startProgress(output, { title: "verify", unit: "rules", total });
    progress.at(done);
  };
  return await verifyPlatform(client, { patience, onRule }).finally(() => progress?.end());
}
