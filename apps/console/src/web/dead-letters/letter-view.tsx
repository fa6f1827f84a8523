import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Detail } from "../detail.tsx";
import { Failure } from "../faults.tsx";
import { clockTime } from "../figures.ts";
import { HeaderList } from "../messages/message-view.tsx";
import { useClient } from "../session.tsx";
import { type DeadLetterDetail, readLetter } from "./dead-letters.ts";

/** One parked record: why, its headers, its bytes. */
export function LetterView({
  service,
  id,
  onClose,
}: {
  readonly service: string;
  readonly id: string;
  readonly onClose: () => void;
}): ReactNode {
  const client = useClient();
  const { data, error } = useQuery({
    queryKey: ["letter", service, id],
    queryFn: ({ signal }) => readLetter(client, { service, id }, signal),
  });
  return (
    <Detail label={`Parked record ${id}`} title={id} onClose={onClose}>
      {error === null ? null : <Failure error={error} />}
      {data === undefined ? null : <Letter letter={data} />}
    </Detail>
  );
}

function Letter({ letter }: { readonly letter: DeadLetterDetail }): ReactNode {
  const { code, message, attempts, replays, firstFailedAt, parkedAt, key, headers } = letter;
  const { value, encoding, schemaId, stack } = letter;
  return (
    <>
      <p className="bad">
        <code>{code}</code> {message}
      </p>
      <dl>
        <dt>First failed</dt>
        <dd>{clockTime(firstFailedAt)} UTC</dd>
        <dt>Parked</dt>
        <dd>{clockTime(parkedAt)} UTC</dd>
        <dt>Tries</dt>
        <dd>
          {attempts}, {replays} of them by redrives
        </dd>
        <dt>Key</dt>
        <dd>{key === null ? <span className="faint">none</span> : <code>{key}</code>}</dd>
      </dl>
      <h2>Headers</h2>
      <HeaderList headers={headers} />
      <h2>Value{encoding === "base64" ? " (no text: base64)" : ""}</h2>
      {schemaId === undefined ? null : <p>Framed with schema {schemaId}</p>}
      {value === null ? <p className="faint">none (a tombstone)</p> : <pre>{pretty(value)}</pre>}
      {stack === null ? null : (
        <>
          <h2>Stack</h2>
          <pre>{stack}</pre>
        </>
      )}
    </>
  );
}

/** What is no JSON is shown as it is: that may be why it lies here. */
function pretty(value: string): string {
  try {
    return JSON.stringify(JSON.parse(value), null, 2);
  } catch {
    return value;
  }
}
