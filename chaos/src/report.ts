import Table from "cli-table3";
import type { RoundResult } from "./round/run-round.ts";

/** A fault that could not be tried here, and why. */
export interface Skipped {
  readonly name: string;
  readonly bus: string;
  readonly reason: string;
}

/** Rounds as a table, then everything that is wrong, then what was skipped. */
export function reportText(rounds: readonly RoundResult[], skipped: readonly Skipped[]): string {
  const table = new Table({
    head: [
      "bus",
      "fault",
      "fired at",
      "acks before",
      "during",
      "after",
      "healed in",
      "unknown: made / given up",
      "verify",
    ],
    style: { head: [], border: [] },
  });
  for (const round of rounds) table.push([...rowOf(round)]);
  return [
    table.toString(),
    ...rounds.filter(isFailed).flatMap(failureLines),
    ...skipped.map(({ name, bus, reason }) => `SKIPPED ${name} (${bus}): ${reason}`),
  ].join("\n");
}

export function isFailed({ failures }: RoundResult): boolean {
  return failures.length > 0;
}

export function countLine(rounds: readonly RoundResult[], skipped: readonly Skipped[]): string {
  const failed = rounds.filter(isFailed).length;
  return `${rounds.length - failed} passed, ${failed} failed, ${skipped.length} skipped`;
}

/** One line about a round that has just ended. */
export function roundLine(round: RoundResult): string {
  const [bus, fault, , before, during, after, healed, unknown, verify] = rowOf(round);
  const { evidence } = round.sighting;
  return [
    `${isFailed(round) ? "FAILED" : "passed"} ${fault} (${bus}): ${evidence.join("; ")}`,
    `       acks ${before} / ${during} / ${after}, healed in ${healed}, unknown ${unknown}, ${verify}`,
  ].join("\n");
}

/** What `--json` prints. */
export function summaryOf(rounds: readonly RoundResult[], skipped: readonly Skipped[], seed: number): object {
  return {
    seed,
    rounds: rounds.map(({ fault, sighting, settlement, failures, round }) => ({
      round,
      fault: fault.name,
      bus: fault.bus,
      ...sighting,
      requests: settlement?.reconciliation.requests ?? null,
      unknownMade: settlement?.reconciliation.unknownMade ?? null,
      unknownGivenUp: settlement?.reconciliation.unknownGivenUp ?? null,
      trades: settlement?.trades ?? null,
      equalDuplicates: settlement?.equalDuplicates ?? null,
      rules: settlement?.rules ?? null,
      failures,
    })),
    skipped,
  };
}

function rowOf(round: RoundResult): readonly string[] {
  const { fault, sighting, settlement } = round;
  const { reconciliation } = settlement ?? {};
  return [
    fault.bus,
    fault.name,
    sighting.firedAt?.toISOString().slice(11, 23) ?? "never",
    String(sighting.before),
    String(sighting.during),
    String(sighting.after),
    sighting.healedMs === null ? "never" : `${(sighting.healedMs / 1_000).toFixed(1)} s`,
    reconciliation === undefined ? "?" : `${reconciliation.unknownMade} / ${reconciliation.unknownGivenUp}`,
    settlement === null ? "not at rest" : verifyWord(round),
  ];
}

function verifyWord({ settlement, failures }: RoundResult): string {
  if (failures.length > 0) return `${failures.length} faults`;
  const { rules = 0, trades = 0, equalDuplicates = 0 } = settlement ?? {};
  return `${rules} rules, ${trades} trades, ${equalDuplicates} equal duplicates`;
}

const MOST_LINES = 20;

function failureLines({ fault, round, failures }: RoundResult): readonly string[] {
  const more = failures.length - MOST_LINES;
  return [
    `FAILED round ${round}, ${fault.name} (${fault.bus}):`,
    ...failures.slice(0, MOST_LINES).map((failure) => `  ${failure}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}
