import { answerOf, type BourseClient, bourseClient } from "@bourse/sdk";
import { createContext, type ReactNode, useContext, useMemo, useState } from "react";

/** Kept for this tab alone, and gone with it. The pages' policy lets no foreign script read it. */
const STORED = "bourse.console.key";

/** Longer than the gateway waits for a service. */
const PATIENCE_MS = 20_000;

/** Who does not answer a question in time is away: a page would show old figures, or that it asks, for ever. */
function patiently(request: Request): Promise<Response> {
  // What changes something is waited for: it may be done already.
  if (request.method !== "GET") return fetch(request);
  return fetch(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(PATIENCE_MS)]) });
}

export interface Session {
  readonly client: BourseClient;
  readonly end: () => void;
}

const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("somebody is signed in here");
  return session;
}

export function useClient(): BourseClient {
  return useSession().client;
}

/** Its children are shown to whoever has given a key; `SignIn` to the others. */
export function SignedIn({
  signIn: SignIn,
  children,
}: {
  readonly signIn: (given: { readonly onKey: (key: string) => Promise<void> }) => ReactNode;
  readonly children: ReactNode;
}): ReactNode {
  const [key, setKey] = useState(() => sessionStorage.getItem(STORED));
  const session = useMemo<Session | null>(
    () =>
      key === null
        ? null
        : {
            client: bourseClient({ url: location.origin, key, fetch: patiently }),
            end: () => {
              sessionStorage.removeItem(STORED);
              setKey(null);
            },
          },
    [key],
  );
  /** Rejects where the gateway does not take the key for an operator's. Who comes because something is away gets in. */
  const onKey = async (given: string): Promise<void> => {
    const client = bourseClient({ url: location.origin, key: given, fetch: patiently });
    await answerOf(client.GET("/api/v1/platform/status"));
    sessionStorage.setItem(STORED, given);
    setKey(given);
  };
  if (session === null) return <SignIn onKey={onKey} />;
  return <SessionContext value={session}>{children}</SessionContext>;
}
