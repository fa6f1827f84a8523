import { ProblemError } from "@bourse/sdk";
import type { ReactNode } from "react";

/** A field of the address bar, or of a form, that can't be used. */
export interface Fault {
  readonly field: string;
  readonly given: string;
  readonly allowed: string;
}

/**
 * What went wrong, in a person's words. `onRetry` where trying again may help. `isOver` what is shown already: it lies over
 * the page's lower edge, and pushes nothing away from who reads or clicks.
 */
export function Failure({
  error,
  words,
  onRetry,
  isOver = false,
  children,
}: {
  readonly error: unknown;
  /** In place of the problem's own, which are for programs that ask. */
  readonly words?: { readonly title: string; readonly detail: string } | undefined;
  readonly isOver?: boolean;
  readonly onRetry?: () => void;
  readonly children?: ReactNode;
}): ReactNode {
  const problem = error instanceof ProblemError ? error.problem : undefined;
  return (
    <div className={isOver ? "failure over" : "failure"} role="alert">
      <p>
        <strong>{words?.title ?? problem?.title ?? "The console’s server does not answer"}</strong>
        {problem === undefined ? null : <code>{problem.code}</code>}
      </p>
      <p>{words?.detail ?? problem?.detail ?? (error instanceof Error ? error.message : String(error))}</p>
      <FaultList faults={words === undefined ? (problem?.errors ?? []) : []} />
      {children}
      {onRetry === undefined ? null : (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

export function FaultList({ faults }: { readonly faults: readonly Fault[] }): ReactNode {
  if (faults.length === 0) return null;
  return (
    <ul>
      {faults.map(({ field, given, allowed }) => (
        <li key={field}>
          <code>{field}</code>: <q>{given}</q> can’t be used. Allowed: {allowed}.
        </li>
      ))}
    </ul>
  );
}

/** Only what the platform did not answer, or answered for the moment. */
export function mayBeTriedAgain(error: unknown): boolean {
  return !(error instanceof ProblemError) || error.problem.status >= 500;
}
