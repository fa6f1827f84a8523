import {
  type CatalogueRecord,
  compareCatalogues,
  compareVersions,
  compareWithRecord,
  currentRecord,
  type Finding,
  isBreach,
  type Mode,
  missingVersions,
  versionsOnRecord,
} from "@bourse/registry";
import type { CatalogueOfCommit } from "./catalogue-of-commit.ts";

export interface SchemasReport {
  readonly mode: Mode;
  /** Null: there was no commit to compare with. */
  readonly against: string | null;
  /** How many events and versions on record were looked at. */
  readonly events: number;
  readonly versions: number;
  readonly compatible: boolean;
  /** What fails in this mode. */
  readonly breaches: readonly ReportedFinding[];
  /** What would fail in another one. */
  readonly notes: readonly ReportedFinding[];
}

export interface ReportedFinding {
  readonly event: string;
  readonly versions: string;
  readonly field: string;
  readonly rule: string;
  readonly breaks: Mode;
  readonly older: string;
  readonly newer: string;
  readonly meaning: string;
  readonly advice: string;
}

/**
 * Compares the catalogue with its versions on record, and with a commit's where there is one. What both tell is told
 * once.
 */
export function checkSchemas(options: {
  readonly mode: Mode;
  readonly commit: CatalogueOfCommit | null;
  readonly current?: CatalogueRecord;
}): SchemasReport {
  const { mode, commit, current = currentRecord() } = options;
  const onRecord = versionsOnRecord();
  const findings = [
    ...missingVersions(onRecord, current.events),
    // Readers of versions before the base's have been upgraded since; what those versions wrote is still there.
    ...compareWithRecord(onRecord, current.events).filter(({ rule }) => rule.breaks !== "forward"),
    ...(commit === null ? [] : compareCatalogues(commit.record, current)),
    ...(commit === null ? [] : compareVersions(commit.versions, onRecord)),
  ];
  const all = [...new Map(findings.map(reported).map((each) => [JSON.stringify(each), each])).values()];
  const breaches = all.filter(({ breaks }) => isBreach(breaks, mode));
  return {
    mode,
    against: commit?.commit ?? null,
    events: current.events.size,
    versions: onRecord.length,
    compatible: breaches.length === 0,
    breaches,
    notes: all.filter(({ breaks }) => !isBreach(breaks, mode)),
  };
}

function reported({
  event,
  olderVersion,
  newerVersion,
  field,
  rule,
  older,
  newer,
}: Finding): ReportedFinding {
  const versions = [olderVersion, newerVersion].map((version) => (version === null ? "-" : `v${version}`));
  return {
    event,
    versions: versions.join(" -> "),
    field,
    rule: rule.name,
    breaks: rule.breaks,
    older,
    newer,
    meaning: rule.meaning,
    advice: rule.advice,
  };
}
