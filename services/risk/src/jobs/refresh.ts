import { limitsOpen } from "../domain/limits.ts";
import type { Risk } from "../risk.ts";
import { killSwitchOf, readLimits, selectKillSwitches } from "../sql/risk-rows.ts";

/** Reads limits and kill switches: at start, after each change, and for what other instances have changed. */
export async function refresh(risk: Pick<Risk, "store" | "limits" | "stopped" | "exposures">): Promise<void> {
  const [settings, switches] = await Promise.all([
    readLimits(risk.store),
    risk.store.query(selectKillSwitches()),
  ]);
  risk.limits.load(settings);
  for (const accountId of risk.exposures.accounts())
    if (!limitsOpen(risk.limits.of(accountId).own)) risk.exposures.drop(accountId);
  risk.stopped = new Set(switches.map((row) => killSwitchOf(row).accountId));
}
