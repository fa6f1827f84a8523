import { useEffect, useState } from "react";
import { useClient } from "../session.tsx";
import { LiveReader } from "./live-reader.ts";
import type { MessageFilter } from "./message-filter.ts";
import { type Message, newestFirst } from "./messages.ts";

/** The newest that are kept while it runs. */
export const KEPT = 5_000;
const LOOK_MS = 1_000;

interface Live {
  readonly messages: readonly Message[];
  /** Records that were not looked at, since more came than can be. */
  readonly passedOver: number;
  readonly error: unknown;
}

const NOTHING: Live = { messages: [], passedOver: 0, error: null };

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
      setLive((live) => ({ ...live, messages: newestFirst([...news, ...live.messages]).slice(0, KEPT) }));
    const look = async (): Promise<void> => {
      await reader.look(signal, came);
      const { passedOver } = reader;
      setLive((live) =>
        live.error === null && live.passedOver === passedOver ? live : { ...live, passedOver, error: null },
      );
    };
    const run = async (): Promise<void> => {
      while (!signal.aborted) {
        await look().catch((error: unknown) => {
          if (!signal.aborted) setLive((live) => ({ ...live, error }));
        });
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    };
    void run();
    return () => ended.abort();
  }, [client, topic, asked, isLive]);
  return live;
}
