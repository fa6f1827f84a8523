import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { type FormEvent, type ReactNode, useMemo } from "react";
import { addressOf, goTo, useAddress } from "../address.tsx";
import { Failure, FaultList } from "../faults.tsx";
import { clockTime, grouped } from "../figures.ts";
import { useClient } from "../session.tsx";
import { type Columns, DataTable } from "../table.tsx";
import type { Topic } from "../topics/topics-page.tsx";
import { type MessageFilter, readMessageFilter } from "./message-filter.ts";
import { MessageView } from "./message-view.tsx";
import { idOf, lastMessages, type Message, typeOf } from "./messages.ts";
import { useLive } from "./use-live.ts";

/** The messages of a topic: those that the address bar asks for, newest first, or what comes. */
export function MessagesPanel({ topic }: { readonly topic: Topic }): ReactNode {
  const { query } = useAddress();
  const text = query.toString();
  const { filter, faults } = useMemo(
    () =>
      readMessageFilter(new URLSearchParams(text), {
        nowMs: Date.now(),
        partitions: topic.partitions.length,
      }),
    [text, topic.partitions.length],
  );
  const isLive = query.get("live") === "1";
  return (
    <section aria-label="Messages">
      <FilterForm topic={topic} query={query} isLive={isLive} />
      {faults.length > 0 ? (
        <div className="failure" role="alert">
          <p>
            <strong>The address can’t be read</strong>
          </p>
          <FaultList faults={faults} />
        </div>
      ) : isLive ? (
        <LiveMessages topic={topic} filter={filter} />
      ) : (
        <LastMessages topic={topic} filter={filter} />
      )}
    </section>
  );
}

function LastMessages({
  topic,
  filter,
}: {
  readonly topic: Topic;
  readonly filter: MessageFilter;
}): ReactNode {
  const client = useClient();
  const partitions = topic.partitions.map(({ partition }) => partition);
  const { data, error, refetch, isFetching } = useQuery({
    queryKey: ["messages", topic.name, filter],
    queryFn: ({ signal }) => lastMessages(client, topic.name, { partitions, filter, signal }),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (error !== null) return <Failure error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <p className="empty">Reading…</p>;
  const { messages, scanned, complete } = data;
  return (
    <Browser topic={topic} messages={messages} empty="No message fits.">
      <span>
        <b>{grouped(messages.length)}</b> messages of {grouped(scanned)} looked at
        {complete ? "" : "; more may lie further back: give a range of time"}
      </span>
      <button type="button" onClick={() => void refetch()} disabled={isFetching}>
        Read again
      </button>
    </Browser>
  );
}

function LiveMessages({
  topic,
  filter,
}: {
  readonly topic: Topic;
  readonly filter: MessageFilter;
}): ReactNode {
  const { messages, error } = useLive(topic.name, filter, true);
  return (
    <>
      {error === null ? null : <Failure error={error} />}
      <Browser topic={topic} messages={messages} empty="Nothing has come yet.">
        <span role="status">
          <b className="good">Live</b>: {grouped(messages.length)} messages since it began
        </span>
      </Browser>
    </>
  );
}

function Browser({
  topic,
  messages,
  empty,
  children,
}: {
  readonly topic: Topic;
  readonly messages: readonly Message[];
  readonly empty: string;
  readonly children: ReactNode;
}): ReactNode {
  const { query } = useAddress();
  const openId = query.get("open") ?? undefined;
  const opened = messages.find((message) => idOf(message) === openId);
  const open = (id: string | undefined): void =>
    goTo(addressOf(["topics", topic.name], { ...Object.fromEntries(query), open: id }), { replace: true });
  return (
    <>
      <div className="bar">{children}</div>
      <div className={opened === undefined ? "browser" : "browser split"}>
        <DataTable
          tall
          caption={`Messages of ${topic.name}`}
          items={messages}
          columns={COLUMNS}
          idOf={idOf}
          empty={empty}
          onOpen={(message) => open(idOf(message) === openId ? undefined : idOf(message))}
          opened={openId}
        />
        {opened === undefined ? null : <MessageView message={opened} onClose={() => open(undefined)} />}
      </div>
    </>
  );
}

function FilterForm({
  topic,
  query,
  isLive,
}: {
  readonly topic: Topic;
  readonly query: URLSearchParams;
  readonly isLive: boolean;
}): ReactNode {
  const { name } = topic;
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const given = Object.fromEntries(
      [...new FormData(event.currentTarget)].map(([field, value]) => [field, String(value).trim()]),
    );
    goTo(addressOf(["topics", name], { ...given, live: isLive ? "1" : undefined }));
  };
  const toggleLive = (): void =>
    goTo(
      addressOf(["topics", name], {
        ...Object.fromEntries(query),
        open: undefined,
        live: isLive ? undefined : "1",
      }),
    );
  const field = (label: string, id: string, hint: string): ReactNode => (
    <label>
      {label}
      <input
        name={id}
        defaultValue={query.get(id) ?? ""}
        placeholder={hint}
        autoComplete="off"
        spellCheck={false}
      />
    </label>
  );
  return (
    // Another address is another form: what it holds is what the address says.
    <form className="filter" key={query.toString()} onSubmit={submit} aria-label="Filter">
      <label>
        Partition
        <select name="partition" defaultValue={query.get("partition") ?? ""}>
          <option value="">all</option>
          {topic.partitions.map(({ partition }) => (
            <option key={partition}>{partition}</option>
          ))}
        </select>
      </label>
      {field("Key", "key", topic.key)}
      <label>
        Type
        <input
          name="type"
          list="event-types"
          defaultValue={query.get("type") ?? ""}
          autoComplete="off"
          spellCheck={false}
        />
      </label>
      <datalist id="event-types">
        {topic.events.map(({ eventType }) => (
          <option key={eventType}>{eventType}</option>
        ))}
      </datalist>
      {field("From", "from", "15m, or a time")}
      {field("To", "to", "now")}
      <label className="short">
        Per partition
        <input name="limit" inputMode="numeric" defaultValue={query.get("limit") ?? ""} placeholder="200" />
      </label>
      <button type="submit" className="primary">
        Show
      </button>
      <button type="button" onClick={toggleLive} aria-pressed={isLive}>
        {isLive ? "Stop" : "Live"}
      </button>
    </form>
  );
}

const column = createColumnHelper<Message>();
const COLUMNS = [
  column.accessor("time", { header: "Time (UTC)", cell: ({ getValue }) => clockTime(getValue()) }),
  column.accessor("partition", { header: "Partition", meta: { figure: true } }),
  column.accessor(({ offset }) => Number(offset), { id: "offset", header: "Offset", meta: { figure: true } }),
  column.accessor(({ key }) => key ?? "", { id: "key", header: "Key" }),
  column.accessor(typeOf, { id: "type", header: "Type" }),
  column.accessor(({ value }) => JSON.stringify(value), {
    id: "value",
    header: "Value",
    enableSorting: false,
    meta: { wide: true },
    cell: ({ getValue }) => <code>{getValue()}</code>,
  }),
] as unknown as Columns<Message>;
