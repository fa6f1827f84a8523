import { limitsOpen } from "../domain/limits.ts";
import type { Risk } from "../risk.ts";
import { killSwitchOf, readLimits, selectKillSwitches } from "../sql/risk-rows.ts";

/** Reads limits and kill switches: at start, after each change, and for what other instances have changed. */
export function refresh(
  risk: Pick<Risk, "store" | "limits" | "stopped" | "exposures" | "refreshes">,
): Promise<void> {
  return risk.refreshes.load(
    () => Promise.all([readLimits(risk.store), risk.store.query(selectKillSwitches())]),
    ([settings, switches]) => {
      risk.limits.load(settings);
      for (const accountId of risk.exposures.accounts())
        if (!limitsOpen(risk.limits.of(accountId).own)) risk.exposures.drop(accountId);
      risk.stopped = new Set(switches.map((row) => killSwitchOf(row).accountId));
    },
  );
}

/** After a commit, which is answered in any case: if it can't be read back now, the job's next run does. */
export async function refreshCommitted(risk: Risk): Promise<void> {
  try {
    await refresh(risk);
  } catch (error) {
    risk.log.warn({ err: error }, "limits and kill switches could not be read; it is tried again");
  }
}
