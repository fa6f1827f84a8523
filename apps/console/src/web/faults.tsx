import { ProblemError } from "@bourse/sdk";
import type { ReactNode } from "react";

/** A field of the address bar, or of a form, that can't be used. */
export interface Fault {
  readonly field: string;
  readonly given: string;
  readonly allowed: string;
}

/** What went wrong, in a person's words. `onRetry` where trying again may help. */
export function Failure({
  error,
  onRetry,
  children,
}: {
  readonly error: unknown;
  readonly onRetry?: () => void;
  readonly children?: ReactNode;
}): ReactNode {
  const problem = error instanceof ProblemError ? error.problem : undefined;
  return (
    <div className="failure" role="alert">
      <p>
        <strong>{problem?.title ?? "The console’s server does not answer"}</strong>
        {problem === undefined ? null : <code>{problem.code}</code>}
      </p>
      <p>{problem?.detail ?? (error instanceof Error ? error.message : String(error))}</p>
      <FaultList faults={problem?.errors ?? []} />
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
