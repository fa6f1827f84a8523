import type { Lag } from "./lag.ts";

export interface GroupSummary {
  readonly group: string;
  readonly service: string | null;
  readonly kind: string;
  readonly topics: readonly string[];
  readonly partitions: number;
  /** null: the broker knows no such group (a view has none). */
  readonly members: number | null;
  readonly states: readonly string[];
  /** null: of a partition it is not known, so there is no sum. */
  readonly lag: number | null;
  readonly committedLag: number | null;
}

/** One line a group: what its partitions say together. Of a group of which not all is known there is no sum. */
export function summaries({ rows, groups, unknown }: Lag): readonly GroupSummary[] {
  const membersOf = (group: string): number | null =>
    groups.find((each) => each.group === group)?.members ?? null;
  const known = Array.from(
    Map.groupBy(rows, ({ group }) => group),
    ([group, ofGroup]): GroupSummary => {
      const hints = ofGroup.flatMap(({ committedLag }) => (committedLag === null ? [] : [committedLag]));
      return {
        group,
        service: ofGroup[0]?.service ?? null,
        kind: ofGroup[0]?.kind ?? "",
        topics: [...new Set(ofGroup.map(({ topic }) => topic))],
        partitions: ofGroup.length,
        members: membersOf(group),
        states: [...new Set(ofGroup.map(({ state }) => state))],
        lag: unknown.some((each) => each.group === group) ? null : sumOf(ofGroup.map(({ lag }) => lag)),
        committedLag: hints.length === 0 ? null : hints.reduce((sum, each) => sum + each, 0),
      };
    },
  );
  const withoutRows = unknown.filter(({ group }) => !rows.some((row) => row.group === group));
  const added = withoutRows.map(
    ({ group, service, kind }): GroupSummary => ({
      group,
      service,
      kind,
      topics: [],
      partitions: 0,
      members: membersOf(group),
      states: ["not known"],
      lag: null,
      committedLag: null,
    }),
  );
  return [...known, ...added].sort((one, other) => (one.group < other.group ? -1 : 1));
}

function sumOf(lags: readonly (number | null)[]): number | null {
  return lags.reduce((sum, lag) => (sum === null || lag === null ? null : sum + lag), 0);
}
