import { ProblemError } from "@bourse/sdk";
import { type FormEvent, type ReactNode, useRef, useState } from "react";
import { Failure } from "./faults.tsx";

export function SignIn({ onKey }: { readonly onKey: (key: string) => Promise<void> }): ReactNode {
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const key = String(new FormData(event.currentTarget).get("key") ?? "").trim();
    setBusy(true);
    setError(null);
    try {
      await onKey(key);
    } catch (refused) {
      setError(refused);
      setBusy(false);
      // Another one is typed over it; the button had the keyboard's place and lost it.
      field.current?.focus();
      field.current?.select();
    }
  };
  return (
    <main className="sign-in">
      <h1>Bourse console</h1>
      <p>
        For operators. The key was printed at the first start and is kept in <code>operator.key</code> of the
        data folder.
      </p>
      <form onSubmit={submit}>
        <label htmlFor="key">Operator’s key</label>
        <input
          ref={field}
          id="key"
          {...(error === null ? {} : { "aria-invalid": true, "aria-describedby": "refused" })}
          name="key"
          type="password"
          autoComplete="off"
          spellCheck={false}
          required
          maxLength={200}
          // biome-ignore lint/a11y/noAutofocus: the page has this one field
          autoFocus
        />
        <button type="submit" className="primary" disabled={busy}>
          Sign in
        </button>
      </form>
      <div id="refused">{error === null ? null : <Failure error={error} words={wordsOf(error)} />}</div>
    </main>
  );
}

/** By code: what a key that is refused means to who has just typed it. */
const REFUSALS: Readonly<Record<string, { readonly title: string; readonly detail: string }>> = {
  unauthenticated: { title: "The key is not known here", detail: "It was never issued, or it was revoked." },
  forbidden: {
    title: "The key is an account’s",
    detail: "The console is for operators: another operator can issue you a key of your own.",
  },
};

function wordsOf(error: unknown): (typeof REFUSALS)[string] | undefined {
  return error instanceof ProblemError ? REFUSALS[error.problem.code] : undefined;
}
