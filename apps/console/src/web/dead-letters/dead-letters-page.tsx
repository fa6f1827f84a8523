import { useQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { type ReactNode, useState } from "react";
import { addressOf, goTo, Link, useAddress } from "../address.tsx";
import { Failure } from "../faults.tsx";
import { clockTime, grouped } from "../figures.ts";
import { useLag } from "../groups/lag.ts";
import { useClient } from "../session.tsx";
import { type Columns, DataTable } from "../table.tsx";
import { type DeadLetter, type Reason, readLetters, readReasons, SHOWN, type Work } from "./dead-letters.ts";
import { LetterView } from "./letter-view.tsx";
import { WorkDialog } from "./work-dialog.tsx";

const REFRESH_MS = 5_000;

/** What services could not apply: why, which, and what to do with it. */
export function DeadLettersPage(): ReactNode {
  const { data: lag, error } = useLag();
  if (lag === undefined)
    return error === null ? <p className="empty">Asking every service…</p> : <Failure error={error} />;
  const services = [
    ...new Set(
      lag.rows.flatMap(({ kind, service }) => (kind === "effect" && service !== null ? [service] : [])),
    ),
  ].sort();
  return (
    <>
      <h1>Dead letters</h1>
      <Reasons services={services} silent={lag.silent} />
      <Letters services={services} />
    </>
  );
}

function Reasons({
  services,
  silent,
}: {
  readonly services: readonly string[];
  readonly silent: readonly string[];
}): ReactNode {
  const client = useClient();
  const { data, error, refetch } = useQuery({
    queryKey: ["reasons", services],
    queryFn: async ({ signal }) =>
      (await Promise.all(services.map((service) => readReasons(client, service, signal)))).flat(),
    refetchInterval: REFRESH_MS,
  });
  if (error !== null) return <Failure error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <p className="empty">Counting…</p>;
  const most = Math.max(1, ...data.map(({ count }) => count));
  return (
    <>
      {silent.length === 0 ? null : (
        <p className="bad">No answer from {silent.join(", ")}: what they have parked is not known.</p>
      )}
      <p className="faint">
        <b>{grouped(data.reduce((sum, { count }) => sum + count, 0))}</b> records are parked.
        {data.length === 0 ? null : " Choose a reason to see its records."}
      </p>
      <DataTable
        caption="Reasons"
        items={data.map((reason) => ({ ...reason, most }))}
        columns={REASONS}
        idOf={({ service, subscription, topic, code }) => `${service}/${subscription}/${topic}/${code}`}
        empty="Nothing is parked by the services that run here."
        sorted={[{ id: "count", desc: true }]}
      />
    </>
  );
}

function Letters({ services }: { readonly services: readonly string[] }): ReactNode {
  const { query } = useAddress();
  const client = useClient();
  const [work, setWork] = useState<Work | null>(null);
  const service = query.get("service") ?? undefined;
  const meant = meantBy(query);
  const isUnknown = service !== undefined && !services.includes(service);
  const { data, error, refetch } = useQuery({
    queryKey: ["letters", service, meant],
    queryFn: ({ signal }) => readLetters(client, service ?? "", { meant, signal }),
    enabled: service !== undefined && !isUnknown,
    refetchInterval: REFRESH_MS,
  });
  if (service === undefined) return null;
  if (isUnknown) {
    return (
      <div className="failure" role="alert">
        <p>
          <strong>No service {service} parks records</strong>
        </p>
        <p>Allowed: {services.join(", ")}.</p>
      </div>
    );
  }
  if (error !== null) return <Failure error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <p className="empty">Reading…</p>;
  const opened = data.find(({ id }) => id === query.get("open"));
  const open = (id: string | undefined): void =>
    goTo(addressOf(["dead-letters"], { ...Object.fromEntries(query), open: id }), { replace: true });
  return (
    <>
      <h2>
        {service} {Object.values(meant).join(" ")}
      </h2>
      <div className="bar">
        <span>
          {data.length < SHOWN ? "" : "the first "}
          <b>{grouped(data.length)}</b> records
        </span>
        <button type="button" onClick={() => setWork("redrive")} disabled={data.length === 0}>
          Redrive…
        </button>
        <button type="button" className="danger" onClick={() => setWork("drop")} disabled={data.length === 0}>
          Drop…
        </button>
        <Link to={addressOf(["dead-letters"])}>Back to all reasons</Link>
      </div>
      <div className={opened === undefined ? "browser" : "browser split"}>
        <DataTable
          tall
          caption="Parked records"
          items={data}
          columns={LETTERS}
          idOf={({ id }) => id}
          empty="Nothing of this is parked."
          onOpen={({ id }) => open(id === opened?.id ? undefined : id)}
          opened={opened?.id}
        />
        {opened === undefined ? null : (
          <LetterView service={service} id={opened.id} onClose={() => open(undefined)} />
        )}
      </div>
      {work === null ? null : (
        <WorkDialog work={work} service={service} meant={meant} onClose={() => setWork(null)} />
      )}
    </>
  );
}

function meantBy(query: URLSearchParams): Readonly<Record<string, string>> {
  return Object.fromEntries(
    ["subscription", "topic", "code"].flatMap((name) => {
      const value = query.get(name);
      return value === null || value === "" ? [] : [[name, value]];
    }),
  );
}

type CountedReason = Reason & { readonly most: number };

const reason = createColumnHelper<CountedReason>();
const REASONS = [
  reason.accessor("code", {
    header: "Reason",
    cell: ({ row: { original } }) => {
      const { service, subscription, topic, code } = original;
      return <Link to={addressOf(["dead-letters"], { service, subscription, topic, code })}>{code}</Link>;
    },
  }),
  reason.accessor("count", {
    header: "Records",
    meta: { figure: true },
    cell: ({ getValue }) => grouped(getValue()),
  }),
  reason.accessor("most", {
    header: "Share",
    enableSorting: false,
    cell: ({ row: { original } }) => (
      <meter min={0} max={original.most} value={original.count} aria-label={`${original.count} records`} />
    ),
  }),
  reason.accessor("service", { header: "Service" }),
  reason.accessor("subscription", { header: "Subscription" }),
  reason.accessor("topic", { header: "Topic" }),
  reason.accessor("keys", { header: "Keys", meta: { figure: true } }),
  reason.accessor("oldestAt", { header: "Oldest (UTC)", cell: ({ getValue }) => clockTime(getValue()) }),
  reason.accessor("newestAt", { header: "Newest (UTC)", cell: ({ getValue }) => clockTime(getValue()) }),
] as unknown as Columns<CountedReason>;

const letter = createColumnHelper<DeadLetter>();
const LETTERS = [
  letter.accessor("parkedAt", { header: "Parked (UTC)", cell: ({ getValue }) => clockTime(getValue()) }),
  letter.accessor("topic", { header: "Topic" }),
  letter.accessor("partition", { header: "Partition", meta: { figure: true } }),
  letter.accessor(({ offset }) => Number(offset), { id: "offset", header: "Offset", meta: { figure: true } }),
  letter.accessor(({ key }) => key ?? "", { id: "key", header: "Key" }),
  letter.accessor("code", { header: "Reason" }),
  letter.accessor("attempts", { header: "Tries", meta: { figure: true } }),
  letter.accessor("message", {
    header: "Message",
    meta: { wide: true },
    cell: ({ getValue }) => <span title={getValue()}>{getValue()}</span>,
  }),
] as unknown as Columns<DeadLetter>;
