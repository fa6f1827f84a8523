import { join } from "node:path";
import { seededRandom } from "@bourse/base";
import type { Fault } from "../faults/fault.ts";
import type { Fleet } from "../fleet/fleet.ts";
import type { Journal } from "../journal/journal.ts";
import { LoadClient } from "../load/load-client.ts";
import { LiveStage, type Sighting } from "./live-stage.ts";
import { type Settlement, settleRound } from "./settle-round.ts";
import type { TopicAudit } from "./topic-audit.ts";

/** A platform that rounds run on, with the memory of what its client has asked for. */
export interface Venue {
  readonly fleet: Fleet;
  readonly journal: Journal;
  readonly audit: TopicAudit;
}

export interface RoundResult {
  readonly fault: Fault;
  readonly round: number;
  readonly seed: number;
  readonly sighting: Sighting;
  /** null where the platform never came to rest. */
  readonly settlement: Settlement | null;
  /** Everything that is wrong; empty: passed. */
  readonly failures: readonly string[];
}

export interface RoundOptions {
  readonly venue: Venue;
  readonly fault: Fault;
  readonly round: number;
  readonly seed: number;
  readonly ordersPerSecond: number;
}

export function journalPath(folder: string): string {
  return join(folder, "journal.jsonl");
}

/** One fault under load, then rest and reconciliation. Never rejects for what the platform does. */
export async function runRound(options: RoundOptions): Promise<RoundResult> {
  const { venue, fault, round, seed } = options;
  const { fleet, journal, audit } = venue;
  const target = { url: fleet.gatewayUrl, key: fleet.operatorKey };
  const prefix = `r${round}-`;
  const load = new LoadClient({
    ...target,
    journal,
    seed,
    prefix,
    ordersPerSecond: options.ordersPerSecond,
  });
  const stage = new LiveStage({ fleet, random: seededRandom(seed), fault, load });
  const failures: string[] = [];
  load.start();
  try {
    await stage.run();
  } catch (error) {
    failures.push((error as Error).message);
  }
  await load.stop();
  const sighting = stage.sighting();
  const duplicatesBefore = audit.equalDuplicates;
  let settlement: Settlement | null = null;
  try {
    settlement = await settleRound({ ...target, journalPath: journal.path, audit, prefix });
    failures.push(...settlement.violations);
    if (fault.repeats === true && audit.equalDuplicates === duplicatesBefore)
      failures.push("the fault has not fired: no number came twice on any topic");
  } catch (error) {
    failures.push(`it could not be reconciled: ${(error as Error).message}`);
  }
  return { fault, round, seed, sighting, settlement, failures };
}
