import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { type ChangeEvent, type FormEvent, type ReactNode, useMemo, useState } from "react";
import { addressOf, goTo, useAddress } from "../address.tsx";
import { Answer } from "../answer.tsx";
import { Failure, type Fault, FaultList } from "../faults.tsx";
import { clockTime, counted, grouped } from "../figures.ts";
import { useClient } from "../session.tsx";
import { type Columns, DataTable } from "../table.tsx";
import type { Topic } from "../topics/topics-page.tsx";
import {
  DEFAULT_LIMIT,
  FILTER_FIELDS,
  type FilterText,
  filterText,
  type MessageFilter,
  readMessageFilter,
} from "./message-filter.ts";
import { MessageView } from "./message-view.tsx";
import { idOf, lastMessages, type Message, typeOf } from "./messages.ts";
import { KEPT, useLive } from "./use-live.ts";

/** The element that says what of the filter can't be used. */
const FAULTS = "filter-faults";

/** The messages of a topic: those that the address bar asks for, newest first, or what comes. */
export function MessagesPanel({ topic }: { readonly topic: Topic }): ReactNode {
  const { query } = useAddress();
  const asked = useAsked(query);
  const partitions = topic.partitions.length;
  const isLive = query.get("live") === "1";
  const { filter, faults } = useMemo(
    () => readNow(asked, { partitions, isLive }),
    [asked, partitions, isLive],
  );
  return (
    <section aria-label="Messages">
      <FilterForm topic={topic} asked={asked} isLive={isLive} faults={faults} />
      {faults.length > 0 ? (
        <div className="failure" role="alert" id={FAULTS}>
          <p>
            <strong>The filter can’t be used</strong>
          </p>
          <FaultList faults={faults} />
        </div>
      ) : isLive ? (
        <LiveMessages topic={topic} filter={filter} />
      ) : (
        <LastMessages topic={topic} asked={asked} />
      )}
    </section>
  );
}

/** The same one as long as the address asks for the same messages, whichever of them is open. */
function useAsked(query: URLSearchParams): FilterText {
  const now = filterText(query);
  const [asked, setAsked] = useState(now);
  if (FILTER_FIELDS.every((field) => now[field] === asked[field])) return asked;
  setAsked(now);
  return now;
}

/** Fifteen minutes ago is another time at each reading. */
function readNow(
  asked: FilterText,
  about: { readonly partitions: number; readonly isLive?: boolean },
): ReturnType<typeof readMessageFilter> {
  return readMessageFilter(new URLSearchParams(asked), { nowMs: Date.now(), ...about });
}

function LastMessages({ topic, asked }: { readonly topic: Topic; readonly asked: FilterText }): ReactNode {
  const client = useClient();
  const partitions = topic.partitions.map(({ partition }) => partition);
  const query = useQuery({
    queryKey: ["messages", topic.name, asked],
    queryFn: ({ signal }) => {
      const { filter } = readNow(asked, { partitions: partitions.length });
      return lastMessages(client, topic.name, { partitions, filter, signal });
    },
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const { dataUpdatedAt, refetch, isFetching, isPlaceholderData } = query;
  return (
    <Answer query={query} asking="Loading…">
      {({ messages, scanned, complete }) => (
        <Browser topic={topic} messages={messages} empty="No messages match.">
          {isPlaceholderData ? (
            <span role="status">Loading… The previous messages are still shown.</span>
          ) : (
            <span role="status">
              <b>{counted(messages.length, "message")}</b> of {grouped(scanned)} searched,{" "}
              {clockTime(new Date(dataUpdatedAt).toISOString())} UTC
              {complete ? "" : "; older ones may be there: give a range of time"}
            </span>
          )}
          <button type="button" onClick={() => void refetch()} disabled={isFetching}>
            Refresh
          </button>
        </Browser>
      )}
    </Answer>
  );
}

function LiveMessages({
  topic,
  filter,
}: {
  readonly topic: Topic;
  readonly filter: MessageFilter;
}): ReactNode {
  const { messages, passedOver, error } = useLive(topic.name, filter, true);
  return (
    <>
      {error === null ? null : <Failure error={error} isOver />}
      <Browser topic={topic} messages={messages} empty="No messages yet.">
        <span>
          <b role="status" className="good">
            Live
          </b>
          : {messages.length < KEPT ? "" : "the newest "}
          {counted(messages.length, "message")} since it began
          {passedOver === 0 ? "" : `; ${counted(passedOver, "record")} skipped: more came than can be shown`}
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
  asked,
  isLive,
  faults,
}: {
  readonly topic: Topic;
  readonly asked: FilterText;
  readonly isLive: boolean;
  readonly faults: readonly Fault[];
}): ReactNode {
  // What is typed stays until the address asks for something else: by then it is in force, or somebody went back.
  const [typed, setTyped] = useState({ text: asked, over: asked });
  if (typed.over !== asked) setTyped({ text: asked, over: asked });
  const { text } = typed;
  const { query } = useAddress();
  const show = (live: boolean): void =>
    goTo(
      addressOf(["topics", topic.name], {
        ...trimmed(text),
        live: live ? "1" : undefined,
        sort: query.get("sort") ?? undefined,
      }),
    );
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    show(isLive);
  };
  const field = (name: keyof FilterText) => ({
    name,
    value: text[name],
    ...(faults.some((fault) => fault.field === name)
      ? { "aria-invalid": true, "aria-describedby": FAULTS }
      : {}),
    onChange: ({ target }: ChangeEvent<HTMLInputElement | HTMLSelectElement>) =>
      setTyped({ ...typed, text: { ...text, [name]: target.value } }),
  });
  const plain = { autoComplete: "off", spellCheck: false };
  return (
    <form className="filter" onSubmit={submit} aria-label="Filter">
      <label>
        Partition
        <select {...field("partition")}>
          <option value="">all</option>
          {topic.partitions.map(({ partition }) => (
            <option key={partition}>{partition}</option>
          ))}
        </select>
      </label>
      <label>
        Key
        <input {...field("key")} {...plain} placeholder={topic.key} />
      </label>
      <label>
        Type
        <input {...field("type")} {...plain} list="event-types" />
      </label>
      <datalist id="event-types">
        {topic.events.map(({ eventType }) => (
          <option key={eventType}>{eventType}</option>
        ))}
      </datalist>
      <label>
        From
        <input {...field("from")} {...plain} placeholder="15m, or a time" />
      </label>
      <label>
        To
        <input {...field("to")} {...plain} placeholder="now" />
      </label>
      <label className="short">
        Per partition
        <input {...field("limit")} inputMode="numeric" placeholder={String(DEFAULT_LIMIT)} />
      </label>
      <button type="submit" className="primary">
        Show
      </button>
      <button type="button" onClick={() => show(!isLive)} aria-pressed={isLive}>
        {isLive ? "Stop" : "Live"}
      </button>
    </form>
  );
}

function trimmed(text: FilterText): FilterText {
  return Object.fromEntries(Object.entries(text).map(([name, value]) => [name, value.trim()])) as FilterText;
}

/** More than fits on a line of any screen. A browser would lay out the rest of each, too: megabytes of what nobody sees. */
const SEEN_OF_VALUE = 1_000;

const column = createColumnHelper<Message>();
const COLUMNS = [
  column.accessor("time", { header: "Time (UTC)", cell: ({ getValue }) => clockTime(getValue()) }),
  column.accessor("partition", { header: "Partition", meta: { figure: true } }),
  column.accessor(({ offset }) => Number(offset), { id: "offset", header: "Offset", meta: { figure: true } }),
  column.accessor(({ key }) => key ?? "", { id: "key", header: "Key" }),
  column.accessor(typeOf, { id: "type", header: "Type" }),
  column.accessor(({ value }) => JSON.stringify(value).slice(0, SEEN_OF_VALUE), {
    id: "value",
    header: "Value",
    enableSorting: false,
    meta: { wide: true },
    cell: ({ getValue }) => <code>{getValue()}</code>,
  }),
] as unknown as Columns<Message>;
