import { createColumnHelper } from "@tanstack/react-table";
import type { ReactNode } from "react";
import { addressOf, Link, useAddress } from "../address.tsx";
import { Answer } from "../answer.tsx";
import { counted, grouped } from "../figures.ts";
import { MessagesPanel } from "../messages/messages-panel.tsx";
import { type Columns, DataTable } from "../table.tsx";
import { recordsIn, type Topic, useTopics } from "./topics-page.tsx";

/** One topic: its messages, or its partitions and events. */
export function TopicPage({
  name,
  part,
}: {
  readonly name: string;
  readonly part: string | undefined;
}): ReactNode {
  return (
    <Answer query={useTopics()} asking="Loading…">
      {(topics) => {
        const topic = topics.find((each) => each.name === name);
        if (topic === undefined) return <NoTopic name={name} topics={topics} />;
        return <OfTopic topic={topic} part={part} />;
      }}
    </Answer>
  );
}

function OfTopic({ topic, part }: { readonly topic: Topic; readonly part: string | undefined }): ReactNode {
  const { name } = topic;
  return (
    <>
      <div className="trail">
        <Link to={addressOf(["topics"])}>Topics</Link>
        <span className="faint">/</span>
        <h1>{name}</h1>
      </div>
      <p className="facts">
        <span>{topic.description}</span>
        {topic.error === null ? (
          <span>
            <b>{counted(recordsIn(topic.partitions), "record")}</b> in{" "}
            <b>{counted(topic.partitions.length, "partition")}</b>
          </span>
        ) : null}
        <span>
          class <b>{topic.class}</b>
        </span>
        <span>
          key <b>{topic.key}</b>
        </span>
        <span>
          kept <b>{kept(topic.retentionMs)}</b>
        </span>
      </p>
      <Parts name={name} current={part ?? "messages"} />
      <Part topic={topic} part={part} />
    </>
  );
}

function Part({ topic, part }: { readonly topic: Topic; readonly part: string | undefined }): ReactNode {
  if (topic.error !== null) return <p className="empty">Its partitions can’t be read now: {topic.error}.</p>;
  return part === "partitions" ? <Partitions topic={topic} /> : <MessagesPanel topic={topic} />;
}

function Parts({ name, current }: { readonly name: string; readonly current: string }): ReactNode {
  const { query } = useAddress();
  const part = (id: string, title: string, to: string): ReactNode => (
    <Link to={to} {...(current === id ? { "aria-current": "page" as const } : {})}>
      {title}
    </Link>
  );
  return (
    <nav className="parts" aria-label="Parts of the topic">
      {part(
        "messages",
        "Messages",
        addressOf(["topics", name], current === "messages" ? Object.fromEntries(query) : {}),
      )}
      {part("partitions", "Partitions and events", addressOf(["topics", name, "partitions"]))}
    </nav>
  );
}

function Partitions({ topic }: { readonly topic: Topic }): ReactNode {
  return (
    <>
      <h2>Partitions</h2>
      <DataTable
        caption={`Partitions of ${topic.name}`}
        items={topic.partitions.map((each) => ({ ...each, topic: topic.name }))}
        columns={PARTITIONS}
        idOf={({ partition }) => String(partition)}
        empty="No partitions."
      />
      <h2>Events and their writers</h2>
      <DataTable
        caption={`Events of ${topic.name}`}
        items={topic.events}
        columns={EVENTS}
        sortField="eventsSort"
        idOf={({ eventType, writer }) => `${eventType}/${writer}`}
        empty="No events of its own: it carries copies of others."
      />
    </>
  );
}

function NoTopic({ name, topics }: { readonly name: string; readonly topics: readonly Topic[] }): ReactNode {
  return (
    <div className="failure" role="alert">
      <p>
        <strong>There is no topic {name}</strong>
      </p>
      <p>
        There are{" "}
        {topics.map((topic, index) => (
          <span key={topic.name}>
            {index === 0 ? "" : ", "}
            <Link to={addressOf(["topics", topic.name])}>{topic.name}</Link>
          </span>
        ))}
        .
      </p>
    </div>
  );
}

const DAY_MS = 86_400_000;

function kept(retentionMs: number): string {
  if (retentionMs < 0) return "for ever";
  return retentionMs >= DAY_MS
    ? `${grouped(Math.round(retentionMs / DAY_MS))} days`
    : `${grouped(Math.round(retentionMs / 60_000))} minutes`;
}

type Partition = Topic["partitions"][number] & { readonly topic: string };

const partition = createColumnHelper<Partition>();
const PARTITIONS = [
  partition.accessor("partition", {
    header: "Partition",
    meta: { figure: true },
    cell: ({ getValue, row }) => (
      <Link to={addressOf(["topics", row.original.topic], { partition: getValue() })}>{getValue()}</Link>
    ),
  }),
  partition.accessor(({ earliest }) => Number(earliest), {
    id: "earliest",
    header: "First offset",
    meta: { figure: true },
    cell: ({ getValue }) => grouped(getValue()),
  }),
  partition.accessor(({ latest }) => Number(latest), {
    id: "latest",
    header: "Next offset",
    meta: { figure: true },
    cell: ({ getValue }) => grouped(getValue()),
  }),
  partition.accessor(({ earliest, latest }) => Number(BigInt(latest) - BigInt(earliest)), {
    id: "records",
    header: "Records",
    meta: { figure: true },
    cell: ({ getValue }) => grouped(getValue()),
  }),
] as unknown as Columns<Partition>;

type TopicEvent = Topic["events"][number];

const event = createColumnHelper<TopicEvent>();
const EVENTS = [
  event.accessor("eventType", { header: "Event" }),
  event.accessor("writer", { header: "Writer" }),
  event.accessor("version", { header: "Version", meta: { figure: true } }),
] as unknown as Columns<TopicEvent>;
