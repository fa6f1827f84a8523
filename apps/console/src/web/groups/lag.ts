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
