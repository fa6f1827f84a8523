import { answerOf, type Paths } from "@bourse/sdk";
import { useQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import type { ReactNode } from "react";
import { addressOf, Link } from "../address.tsx";
import { Answer, again } from "../answer.tsx";
import { grouped } from "../figures.ts";
import { useClient } from "../session.tsx";
import { type Columns, DataTable } from "../table.tsx";

export type Topic =
  Paths["/api/v1/platform/topics"]["get"]["responses"][200]["content"]["application/json"]["topics"][number];

const REFRESH_MS = 2_000;

export function useTopics() {
  const client = useClient();
  return useQuery({
    queryKey: ["topics"],
    queryFn: async ({ signal }) => (await answerOf(client.GET("/api/v1/platform/topics", { signal }))).topics,
    ...again(REFRESH_MS),
  });
}

export function TopicsPage(): ReactNode {
  return (
    <>
      <h1>Topics</h1>
      <Answer query={useTopics()} asking="Loading…">
        {(topics) => (
          <DataTable
            caption="Topics"
            items={topics}
            columns={COLUMNS}
            idOf={({ name }) => name}
            empty="No topics."
          />
        )}
      </Answer>
    </>
  );
}

export function recordsIn(partitions: Topic["partitions"]): bigint {
  return partitions.reduce((sum, { earliest, latest }) => sum + BigInt(latest) - BigInt(earliest), 0n);
}

/** More of them than this are counted. */
const FEW = 3;

function writersOf(events: Topic["events"]): readonly string[] {
  return [...new Set(events.map(({ writer }) => writer))];
}

const column = createColumnHelper<Topic>();
const COLUMNS = [
  column.accessor("name", {
    header: "Topic",
    cell: ({ getValue }) => <Link to={addressOf(["topics", getValue()])}>{getValue()}</Link>,
  }),
  column.accessor(({ partitions }) => Number(recordsIn(partitions)), {
    id: "records",
    header: "Records",
    cell: ({ getValue, row: { original } }) =>
      original.error === null ? grouped(getValue()) : <span title={original.error}>not known</span>,
    meta: { figure: true },
  }),
  column.accessor(({ partitions }) => partitions.length, {
    id: "partitions",
    header: "Partitions",
    meta: { figure: true },
  }),
  column.accessor("class", { header: "Class" }),
  column.accessor(({ events }) => writersOf(events).join(", "), {
    id: "writers",
    header: "Writers",
    cell: ({ getValue, row }) => {
      const writers = writersOf(row.original.events);
      return writers.length <= FEW ? getValue() : <span title={getValue()}>{writers.length} services</span>;
    },
  }),
  column.accessor("key", { header: "Key" }),
  column.accessor(({ events }) => [...new Set(events.map(({ eventType }) => eventType))].join(", "), {
    id: "events",
    header: "Events",
    meta: { wide: true },
    cell: ({ getValue }) => <span title={getValue()}>{getValue()}</span>,
  }),
] as unknown as Columns<Topic>;
