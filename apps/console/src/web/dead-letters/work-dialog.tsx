import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { Failure } from "../faults.tsx";
import { counted, grouped } from "../figures.ts";
import { useClient } from "../session.tsx";
import { carryOut, dryRun, type Meant, type Outcome, type Work } from "./dead-letters.ts";

const WORDS = {
  redrive: { title: "Redrive", done: "applied", would: "would be tried again" },
  drop: { title: "Drop", done: "dropped", would: "would be dropped" },
} as const;

/** Asks first: a dry run says how many it would be; then it is done, bounded piece by piece. */
export function WorkDialog(props: {
  readonly work: Work;
  readonly service: string;
  readonly meant: Meant;
  readonly onClose: () => void;
}): ReactNode {
  const { work, service, meant, onClose } = props;
  const client = useClient();
  const queries = useQueryClient();
  const dialog = useRef<HTMLDialogElement>(null);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [state, setState] = useState<"asking" | "working" | "done">("asking");
  const [failure, setFailure] = useState<unknown>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const planned = useQuery({
    queryKey: ["dry-run", work, service, meant],
    queryFn: () => dryRun(client, work, { service, meant }),
    gcTime: 0,
  });
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget).get("reason") ?? "").trim();
    setState("working");
    setFailure(null);
    try {
      await carryOut(client, work, { service, meant, reason, onProgress: setOutcome });
    } catch (error) {
      setFailure(error);
    }
    setState("done");
    await queries.invalidateQueries();
  };
  const { title, would } = WORDS[work];
  return (
    // What is under way goes on, and is told to its end: no key closes it meanwhile.
    <dialog
      ref={dialog}
      onClose={onClose}
      aria-label={title}
      closedby={state === "working" ? "none" : undefined}
    >
      <form onSubmit={submit}>
        <h2>{title}</h2>
        <p>{[service, ...Object.values(meant)].join(" · ")}</p>
        {planned.error === null ? null : <Failure error={planned.error} />}
        {state === "asking" ? (
          <p role="status">
            Dry run: <b>{planned.data === undefined ? "…" : counted(planned.data, "record")}</b> {would}.
            {work === "redrive" ? " Records that wait behind them under the same key go too, in order." : ""}
          </p>
        ) : null}
        {outcome === null ? null : <Told work={work} outcome={outcome} />}
        {failure === null ? null : <Failure error={failure} />}
        {state === "asking" ? (
          <label className="field">
            Reason, for the audit log
            <input name="reason" maxLength={500} required={work === "drop"} autoComplete="off" />
          </label>
        ) : null}
        <div className="buttons">
          <button type="button" onClick={() => dialog.current?.close()} disabled={state === "working"}>
            {state === "done" ? "Close" : "Cancel"}
          </button>
          {state === "done" ? null : (
            <button
              type="submit"
              className={work === "drop" ? "danger" : "primary"}
              disabled={state === "working" || planned.data === undefined || planned.data === 0}
            >
              {title}
            </button>
          )}
        </div>
      </form>
    </dialog>
  );
}

function Told({ work, outcome }: { readonly work: Work; readonly outcome: Outcome }): ReactNode {
  const { done, failed, left } = outcome;
  return (
    <>
      <p role="status">
        <b>{grouped(done)}</b> {WORDS[work].done}, <b>{grouped(failed.length)}</b> failed again,{" "}
        <b>{grouped(left)}</b> left.
      </p>
      {failed.slice(0, 5).map(({ id, code, message }) => (
        <p key={id} className="bad">
          <code>{id}</code> {code}: {message}
        </p>
      ))}
    </>
  );
}
