import { useQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { type ReactNode, useState } from "react";
import { addressOf, goTo, Link, useAddress } from "../address.tsx";
import { Answer, again } from "../answer.tsx";
import { clockTime, counted, grouped } from "../figures.ts";
import { type Lag, useLag } from "../groups/lag.ts";
import { useClient } from "../session.tsx";
import { type Columns, DataTable } from "../table.tsx";
import {
  type AllReasons,
  type DeadLetter,
  type Meant,
  type Reason,
  readLetters,
  readReasons,
  SHOWN,
  type Work,
} from "./dead-letters.ts";
import { LetterView } from "./letter-view.tsx";
import { WorkDialog } from "./work-dialog.tsx";

const REFRESH_MS = 5_000;
const MOST_FIRST = { id: "count", desc: true };

/** What services could not apply: why, which, and what to do with it. */
export function DeadLettersPage(): ReactNode {
  const lag = useLag();
  return (
    <>
      <h1>Dead letters</h1>
      {lag.data === undefined ? (
        <Answer query={lag} asking="Loading…">
          {() => null}
        </Answer>
      ) : (
        // Of the services only their names are needed: those of an old answer do as well.
        <OfServices lag={lag.data} />
      )}
    </>
  );
}

function OfServices({ lag: { rows, silent, unknown } }: { readonly lag: Lag }): ReactNode {
  const withEffects = [...rows, ...unknown].flatMap(({ kind, service }) =>
    kind === "effect" && service !== null ? [service] : [],
  );
  const services = [...new Set(withEffects)].sort();
  return (
    <>
      <Reasons services={services} away={silent} />
      <Letters services={services} away={silent} />
    </>
  );
}

interface Services {
  /** Those that park. */
  readonly services: readonly string[];
  /** Those that do not answer: whether they park is not known. */
  readonly away: readonly string[];
}

function Reasons({ services, away }: Services): ReactNode {
  const client = useClient();
  const query = useQuery({
    queryKey: ["reasons", services],
    queryFn: ({ signal }) => readReasons(client, services, signal),
    ...again(REFRESH_MS),
  });
  return (
    <Answer query={query} asking="Loading…">
      {({ reasons, silent }) => <ReasonsTable reasons={reasons} silent={[...silent, ...away].sort()} />}
    </Answer>
  );
}

function ReasonsTable({ reasons, silent }: AllReasons): ReactNode {
  const most = Math.max(1, ...reasons.map(({ count }) => count));
  return (
    <>
      {silent.length === 0 ? null : (
        <p className="bad" role="status">
          No answer from {silent.join(", ")}: what they have parked is not known.
        </p>
      )}
      {reasons.length === 0 ? null : (
        <p className="faint">
          <b>{counted(sumOf(reasons), "record")}</b> parked. Choose a reason to see them.
        </p>
      )}
      <DataTable
        caption="Reasons"
        items={reasons.map((reason) => ({ ...reason, most }))}
        columns={REASONS}
        idOf={({ service, subscription, topic, code }) => `${service}/${subscription}/${topic}/${code}`}
        empty="No records are parked."
        sorted={MOST_FIRST}
      />
    </>
  );
}

function sumOf(reasons: readonly Reason[]): number {
  return reasons.reduce((sum, { count }) => sum + count, 0);
}

function Letters({ services, away }: Services): ReactNode {
  const { query } = useAddress();
  const service = query.get("service");
  if (service === null) return null;
  if (!services.includes(service) && !away.includes(service))
    return (
      <div className="failure" role="alert">
        <p>
          <strong>No service {service} parks records</strong>
        </p>
        <p>Allowed: {services.join(", ")}.</p>
      </div>
    );
  const meant = meantBy(query);
  // Others are asked for anew, and so is what is to be done with them.
  return <OfService key={JSON.stringify([service, meant])} service={service} meant={meant} />;
}

function OfService(about: { readonly service: string; readonly meant: Meant }): ReactNode {
  const { service, meant } = about;
  const client = useClient();
  const query = useQuery({
    queryKey: ["letters", service, meant],
    queryFn: ({ signal }) => readLetters(client, service, { meant, signal }),
    ...again(REFRESH_MS),
  });
  return (
    <>
      <h2>{[service, ...Object.values(meant)].join(" · ")}</h2>
      <Answer query={query} asking="Loading…">
        {(letters) => <LettersTable {...about} letters={letters} />}
      </Answer>
    </>
  );
}

function LettersTable({
  service,
  meant,
  letters,
}: {
  readonly service: string;
  readonly meant: Meant;
  readonly letters: readonly DeadLetter[];
}): ReactNode {
  const { query } = useAddress();
  const [work, setWork] = useState<Work | null>(null);
  const opened = letters.find(({ id }) => id === query.get("open"));
  const open = (id: string | undefined): void =>
    goTo(addressOf(["dead-letters"], { ...Object.fromEntries(query), open: id }), { replace: true });
  return (
    <>
      <div className="bar">
        <span>
          {letters.length < SHOWN ? "" : "the first "}
          <b>{counted(letters.length, "record")}</b>
        </span>
        <button type="button" onClick={() => setWork("redrive")} disabled={letters.length === 0}>
          Redrive…
        </button>
        <button
          type="button"
          className="danger"
          onClick={() => setWork("drop")}
          disabled={letters.length === 0}
        >
          Drop…
        </button>
        <Link to={addressOf(["dead-letters"], { sort: query.get("sort") ?? undefined })}>
          Back to all reasons
        </Link>
      </div>
      <div className={opened === undefined ? "browser" : "browser split"}>
        <DataTable
          tall
          caption="Parked records"
          items={letters}
          columns={LETTERS}
          sortField="recordsSort"
          idOf={({ id }) => id}
          empty="No records are parked for this reason."
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

function meantBy(query: URLSearchParams): Meant & Readonly<Record<string, string>> {
  return Object.fromEntries(
    ["subscription", "topic", "code"].flatMap((name) => {
      const value = query.get(name);
      return value === null || value === "" ? [] : [[name, value]];
    }),
  );
}

/** To its records, beneath reasons that stay sorted as they are. */
function ReasonLink({ reason }: { readonly reason: Reason }): ReactNode {
  const { query } = useAddress();
  const { service, subscription, topic, code } = reason;
  const sort = query.get("sort") ?? undefined;
  const meant = { service, subscription, topic, code };
  const isShown = Object.entries(meant).every(([name, value]) => query.get(name) === value);
  return (
    <Link
      to={addressOf(["dead-letters"], { ...meant, sort })}
      {...(isShown ? { "aria-current": "true" as const } : {})}
    >
      {code}
    </Link>
  );
}

type CountedReason = Reason & { readonly most: number };

const reason = createColumnHelper<CountedReason>();
const REASONS = [
  reason.accessor("code", {
    header: "Reason",
    cell: ({ row: { original } }) => <ReasonLink reason={original} />,
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
      <meter
        min={0}
        max={original.most}
        value={original.count}
        aria-label={counted(original.count, "record")}
      />
    ),
  }),
  reason.accessor("service", { header: "Service" }),
  reason.accessor("subscription", { header: "Subscription" }),
  reason.accessor("topic", { header: "Topic" }),
  reason.accessor("keys", {
    header: "Keys",
    meta: { figure: true },
    cell: ({ getValue }) => grouped(getValue()),
  }),
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
