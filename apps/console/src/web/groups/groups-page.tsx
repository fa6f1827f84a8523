import { createColumnHelper } from "@tanstack/react-table";
import type { ReactNode } from "react";
import { addressOf, Link } from "../address.tsx";
import { Answer } from "../answer.tsx";
import { grouped } from "../figures.ts";
import { type Columns, DataTable } from "../table.tsx";
import { type Lag, type LagRow, useLag } from "./lag.ts";
import { type GroupSummary, summaries } from "./summaries.ts";

/** All groups, or the partitions of one. */
export function GroupsPage({ name }: { readonly name: string | undefined }): ReactNode {
  return (
    <>
      {name === undefined ? (
        <h1>Groups</h1>
      ) : (
        <div className="trail">
          <Link to={addressOf(["groups"])}>Groups</Link>
          <span className="faint">/</span>
          <h1>{name}</h1>
        </div>
      )}
      <Answer query={useLag()} asking="Loading…">
        {(lag) => (
          <>
            {lag.silent.length === 0 ? null : (
              <p className="bad" role="status">
                No answer from {lag.silent.join(", ")}: how far they are is not known.
              </p>
            )}
            <Unasked unknown={lag.unknown.filter(({ group }) => name === undefined || name === group)} />
            {name === undefined ? <AllGroups lag={lag} /> : <OneGroup name={name} lag={lag} />}
          </>
        )}
      </Answer>
    </>
  );
}

/** Groups of which not all partitions could be asked, and why. */
function Unasked({ unknown }: { readonly unknown: Lag["unknown"] }): ReactNode {
  if (unknown.length === 0) return null;
  return (
    <div className="bad" role="status">
      {unknown.map(({ group, reason }) => (
        <p key={group}>
          {group}: not all of its lag is known ({reason}).
        </p>
      ))}
    </div>
  );
}

function AllGroups({ lag }: { readonly lag: Lag }): ReactNode {
  return (
    <>
      <p className="faint">
        Lag is what a group has not yet recorded as done. Its committed offsets may trail behind that, and are
        shown to compare.
      </p>
      <DataTable
        caption="Groups"
        items={summaries(lag)}
        columns={GROUPS}
        idOf={({ group }) => group}
        empty="No groups."
      />
    </>
  );
}

function OneGroup({ name, lag }: { readonly name: string; readonly lag: Lag }): ReactNode {
  const rows = lag.rows.filter(({ group }) => group === name);
  // Of a group that could not be asked nobody can say that it has none.
  if (rows.length === 0 && !lag.unknown.some(({ group }) => group === name))
    return (
      <div className="failure" role="alert">
        <p>
          <strong>There is no group {name}</strong>, or it has no partitions now.
        </p>
      </div>
    );
  return (
    <DataTable
      caption={`Partitions of ${name}`}
      items={rows}
      columns={PARTITIONS}
      idOf={({ topic, partition }) => `${topic}/${partition}`}
      empty="No partitions are known."
    />
  );
}

function Lagging({ lag }: { readonly lag: number | null }): ReactNode {
  if (lag === null) return <span className="faint">–</span>;
  return <span className={lag === 0 ? "" : "warn"}>{grouped(lag)}</span>;
}

/** Of one partition, or all that a group's are in: the worst says how it looks. */
function State({ states }: { readonly states: readonly string[] }): ReactNode {
  const isSound = states.every((state) => ["running", "Stable", "elsewhere"].includes(state));
  return (
    <span className={states.includes("stopped") ? "bad" : isSound ? "" : "warn"}>{states.join(", ")}</span>
  );
}

const figure = { figure: true };

const group = createColumnHelper<GroupSummary>();
const GROUPS = [
  group.accessor("group", {
    header: "Group",
    cell: ({ getValue }) => <Link to={addressOf(["groups", getValue()])}>{getValue()}</Link>,
  }),
  group.accessor(({ states }) => states.join(", "), {
    id: "state",
    header: "State",
    cell: ({ row }) => <State states={row.original.states} />,
  }),
  group.accessor(({ lag }) => lag ?? -1, {
    id: "lag",
    header: "Lag",
    meta: figure,
    cell: ({ row }) => <Lagging lag={row.original.lag} />,
  }),
  group.accessor("kind", { header: "Kind" }),
  group.accessor(({ members }) => members ?? -1, {
    id: "members",
    header: "Members",
    meta: figure,
    cell: ({ row }) => row.original.members ?? <span className="faint">–</span>,
  }),
  group.accessor("partitions", { header: "Partitions", meta: figure }),
  group.accessor(({ committedLag }) => committedLag ?? -1, {
    id: "committedLag",
    header: "Committed lag",
    meta: figure,
    cell: ({ row }) => (
      <span className="faint">
        {row.original.committedLag === null ? "–" : grouped(row.original.committedLag)}
      </span>
    ),
  }),
  group.accessor(({ topics }) => topics.join(", "), {
    id: "topics",
    header: "Topics",
    meta: { wide: true },
    cell: ({ getValue }) => <span title={getValue()}>{getValue()}</span>,
  }),
] as unknown as Columns<GroupSummary>;

const row = createColumnHelper<LagRow>();
const PARTITIONS = [
  row.accessor("topic", {
    header: "Topic",
    cell: ({ getValue }) => <Link to={addressOf(["topics", getValue()])}>{getValue()}</Link>,
  }),
  row.accessor("partition", { header: "Partition", meta: figure }),
  row.accessor("state", { header: "State", cell: ({ getValue }) => <State states={[getValue()]} /> }),
  row.accessor(({ lag }) => lag ?? -1, {
    id: "lag",
    header: "Lag",
    meta: figure,
    cell: ({ row: { original } }) => <Lagging lag={original.lag} />,
  }),
  row.accessor("source", { header: "Source" }),
  row.accessor(({ position }) => Number(position ?? -1), {
    id: "position",
    header: "Position",
    meta: figure,
    cell: ({ row: { original } }) => offsetText(original.position),
  }),
  row.accessor(({ end }) => Number(end ?? -1), {
    id: "end",
    header: "End",
    meta: figure,
    cell: ({ row: { original } }) => offsetText(original.end),
  }),
  row.accessor(({ committed }) => Number(committed ?? -1), {
    id: "committed",
    header: "Committed",
    meta: figure,
    cell: ({ row: { original } }) => offsetText(original.committed),
  }),
  row.accessor(({ error }) => error ?? "", { id: "error", header: "Error", meta: { wide: true } }),
] as unknown as Columns<LagRow>;

function offsetText(offset: string | null): ReactNode {
  return offset === null ? <span className="faint">–</span> : grouped(BigInt(offset));
}
