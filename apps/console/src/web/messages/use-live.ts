import { answerOf } from "@bourse/sdk";
import { useEffect, useState } from "react";
import { useClient } from "../session.tsx";
import type { MessageFilter } from "./message-filter.ts";
import { type Message, messagesSince, newestFirst } from "./messages.ts";

/** The newest that are kept while it runs. */
const KEPT = 5_000;
const LOOK_MS = 1_000;

interface Live {
  readonly messages: readonly Message[];
  readonly error: unknown;
}

const NOTHING: Live = { messages: [], error: null };

/** What comes to a topic from now on, newest first. One look a second at the ends, then only at what has grown. */
export function useLive(topic: string, filter: MessageFilter, isLive: boolean): Live {
  const client = useClient();
  const [live, setLive] = useState(NOTHING);
  const asked = JSON.stringify(filter);
  useEffect(() => {
    setLive(NOTHING);
    if (!isLive) return;
    const ended = new AbortController();
    const { signal } = ended;
    const wanted = JSON.parse(asked) as MessageFilter;
    const next = new Map<number, string>();
    let isFirst = true;
    const look = async (): Promise<void> => {
      const { topics } = await answerOf(client.GET("/api/v1/platform/topics", { signal }));
      const partitions = topics.find(({ name }) => name === topic)?.partitions ?? [];
      const came: Message[] = [];
      for (const { partition, latest } of partitions) {
        if (wanted.partition !== undefined && wanted.partition !== partition) continue;
        const from = next.get(partition) ?? (isFirst ? latest : "0");
        next.set(partition, from);
        if (BigInt(from) >= BigInt(latest)) continue;
        const page = await messagesSince(client, topic, { partition, from, filter: wanted, signal });
        next.set(partition, page.nextOffset);
        came.push(...page.messages);
      }
      isFirst = false;
      setLive(({ messages, error }) =>
        came.length === 0 && error === null
          ? { messages, error }
          : { messages: newestFirst([...came, ...messages]).slice(0, KEPT), error: null },
      );
    };
    const run = async (): Promise<void> => {
      while (!signal.aborted) {
        await look().catch((error: unknown) => {
          if (!signal.aborted) setLive(({ messages }) => ({ messages, error }));
        });
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    };
    void run();
    return () => ended.abort();
  }, [client, topic, asked, isLive]);
  return live;
}
