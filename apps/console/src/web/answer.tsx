import type { UseQueryResult } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Failure } from "./faults.tsx";
import { clockTime } from "./figures.ts";

/** How what changes is asked for: again and again, and the next time is the next try. A page says at once what is away. */
export function again(everyMs: number): { readonly refetchInterval: number; readonly retry: false } {
  return { refetchInterval: everyMs, retry: false };
}

/** What was answered. Where nothing answers any more it says so, and of when the figures are: they look as live as before. */
export function Answer<Data>({
  query,
  asking,
  children,
}: {
  readonly query: UseQueryResult<Data>;
  /** Shown until the first answer. */
  readonly asking: string;
  readonly children: (data: Data) => ReactNode;
}): ReactNode {
  const { data, dataUpdatedAt, refetch } = query;
  const failure = useFailure(query);
  return (
    <>
      {failure === null ? null : (
        <Failure error={failure} isOver={data !== undefined} onRetry={() => void refetch()}>
          {data === undefined ? null : (
            <p>Showing data from {clockTime(new Date(dataUpdatedAt).toISOString())} UTC.</p>
          )}
        </Failure>
      )}
      {data !== undefined ? children(data) : failure === null ? <p className="empty">{asking}</p> : null}
    </>
  );
}

/** A query without an answer forgets why as soon as it asks again. It is told until there is one: no page that blinks. */
function useFailure({ data, error }: UseQueryResult<unknown>): unknown {
  const [told, setTold] = useState<unknown>(null);
  const failure = error ?? (data === undefined ? told : null);
  if (failure !== told) setTold(failure);
  return failure;
}
