import { answerOf, type BourseClient, type Paths } from "@bourse/sdk";
import type { MessageFilter } from "./message-filter.ts";

export type Message =
  Paths["/api/v1/platform/topics/{topic}/records"]["get"]["responses"][200]["content"]["application/json"]["records"][number];

export interface MessagePage {
  /** Newest first. */
  readonly messages: readonly Message[];
  readonly scanned: number;
  /** false: more of them may lie further back. */
  readonly complete: boolean;
}

/** How many partitions are asked at once: a browser has six connections to a server, and one must stay free. */
const AT_ONCE = 4;

/** The last messages that fit, of each partition as many as the filter's limit says. */
export async function lastMessages(
  client: BourseClient,
  topic: string,
  about: {
    readonly partitions: readonly number[];
    readonly filter: MessageFilter;
    readonly signal: AbortSignal;
  },
): Promise<MessagePage> {
  const { partitions, filter, signal } = about;
  const { partition: only, limit, ...fields } = filter;
  const wanted = partitions.filter((partition) => only === undefined || partition === only);
  const pages: MessagePage[] = [];
  for (let at = 0; at < wanted.length; at += AT_ONCE) {
    const asked = wanted.slice(at, at + AT_ONCE).map(async (partition): Promise<MessagePage> => {
      const query = { partition, last: limit, ...fields };
      const call = client.GET("/api/v1/platform/topics/{topic}/records", {
        params: { path: { topic }, query },
        signal,
      });
      const { records, scanned, complete } = await answerOf(call);
      return { messages: records, scanned, complete: complete || records.length >= limit };
    });
    pages.push(...(await Promise.all(asked)));
  }
  return {
    messages: newestFirst(pages.flatMap(({ messages }) => messages)),
    scanned: pages.reduce((sum, { scanned }) => sum + scanned, 0),
    complete: pages.every(({ complete }) => complete),
  };
}

/** At least as many of what has come are read at once. */
const READ_AT_ONCE = 1_000;

/** What has come to a partition since an offset. `isFull`: there is more of it, as likely as not. */
export async function messagesSince(
  client: BourseClient,
  topic: string,
  about: {
    readonly partition: number;
    readonly from: string;
    readonly filter: MessageFilter;
    readonly signal: AbortSignal;
  },
): Promise<{ readonly messages: readonly Message[]; readonly nextOffset: string; readonly isFull: boolean }> {
  const { partition, from, filter, signal } = about;
  const { partition: _, limit: asked, ...fields } = filter;
  const limit = Math.max(asked, READ_AT_ONCE);
  const query = { partition, from, limit, ...fields };
  const { records, nextOffset } = await answerOf(
    client.GET("/api/v1/platform/topics/{topic}/records", { params: { path: { topic }, query }, signal }),
  );
  return { messages: records, nextOffset, isFull: records.length >= limit };
}

export function newestFirst(messages: readonly Message[]): readonly Message[] {
  return messages.toSorted((one, other) => {
    if (one.time !== other.time) return one.time < other.time ? 1 : -1;
    if (one.partition !== other.partition) return one.partition - other.partition;
    return Number(BigInt(other.offset) - BigInt(one.offset));
  });
}

/** `3/42`: what names a message of a topic. */
export function idOf({ partition, offset }: Message): string {
  return `${partition}/${offset}`;
}

export function typeOf({ value }: Message): string {
  if (typeof value !== "object" || value === null) return "";
  const { eventType, type } = value as { readonly eventType?: unknown; readonly type?: unknown };
  return String(eventType ?? type ?? "");
}
