import { answerOf, type Paths } from "@bourse/sdk";
import { useQuery } from "@tanstack/react-query";
import { again } from "../answer.tsx";
import { useClient } from "../session.tsx";

export type Lag = Paths["/api/v1/platform/lag"]["get"]["responses"][200]["content"]["application/json"];
export type LagRow = Lag["rows"][number];

const REFRESH_MS = 2_000;

/** How far every group is, asked again every two seconds. */
export function useLag() {
  const client = useClient();
  return useQuery({
    queryKey: ["lag"],
    queryFn: ({ signal }) => answerOf(client.GET("/api/v1/platform/lag", { signal })),
    ...again(REFRESH_MS),
  });
}

export interface GroupSummary {
  readonly group: string;
  readonly service: string | null;
  readonly kind: string;
  readonly topics: readonly string[];
  readonly partitions: number;
  /** null: the broker knows no such group (a view has none). */
  readonly members: number | null;
  readonly states: readonly string[];
  readonly lag: number;
  readonly committedLag: number | null;
}

/** One line a group: what its partitions say together. */
export function summaries({ rows, groups }: Lag): readonly GroupSummary[] {
  return Array.from(
    Map.groupBy(rows, ({ group }) => group),
    ([group, ofGroup]): GroupSummary => {
      const hints = ofGroup.flatMap(({ committedLag }) => (committedLag === null ? [] : [committedLag]));
      return {
        group,
        service: ofGroup[0]?.service ?? null,
        kind: ofGroup[0]?.kind ?? "",
        topics: [...new Set(ofGroup.map(({ topic }) => topic))],
        partitions: ofGroup.length,
        members: groups.find((each) => each.group === group)?.members ?? null,
        states: [...new Set(ofGroup.map(({ state }) => state))],
        lag: ofGroup.reduce((sum, { lag }) => sum + (lag ?? 0), 0),
        committedLag: hints.length === 0 ? null : hints.reduce((sum, each) => sum + each, 0),
      };
    },
  );
}
