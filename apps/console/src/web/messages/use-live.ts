import { useEffect, useState } from "react";
import { useClient } from "../session.tsx";
import { LiveReader } from "./live-reader.ts";
import type { MessageFilter } from "./message-filter.ts";
import { type Message, newestFirst } from "./messages.ts";

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
    const reader = new LiveReader(client, topic, JSON.parse(asked) as MessageFilter);
    const came = (news: readonly Message[]): void =>
      setLive(({ messages, error }) => ({
        messages: newestFirst([...news, ...messages]).slice(0, KEPT),
        error,
      }));
    const look = async (): Promise<void> => {
      await reader.look(signal, came);
      setLive((live) => (live.error === null ? live : { ...live, error: null }));
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
