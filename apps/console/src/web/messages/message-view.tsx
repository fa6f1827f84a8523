import { type ReactNode, useState } from "react";
import { Detail } from "../detail.tsx";
import { clockTime } from "../figures.ts";
import type { Message } from "./messages.ts";

/** One message: where it lies, its headers, its value for a person to read. */
export function MessageView({
  message,
  onClose,
}: {
  readonly message: Message;
  readonly onClose: () => void;
}): ReactNode {
  const { topic, partition, offset, time, key, headers, value } = message;
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return (
    <Detail
      label={`Message ${partition}/${offset}`}
      title={`${topic} ${partition}/${offset}`}
      action={<CopyButton text={text} />}
      onClose={onClose}
    >
      <dl>
        <dt>Time</dt>
        <dd>{clockTime(time)} UTC</dd>
        <dt>Key</dt>
        <dd>{key === null ? <span className="faint">none</span> : <code>{key}</code>}</dd>
      </dl>
      <h2>Headers</h2>
      <HeaderList headers={headers} />
      <h2>Value</h2>
      <pre>{text}</pre>
    </Detail>
  );
}

export function HeaderList({ headers }: { readonly headers: Readonly<Record<string, string>> }): ReactNode {
  const entries = Object.entries(headers);
  if (entries.length === 0) return <p className="faint">None.</p>;
  return (
    <dl>
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <code>{value}</code>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function CopyButton({ text }: { readonly text: string }): ReactNode {
  const [said, setSaid] = useState("Copy");
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setSaid("Copied"),
      () => setSaid("Not allowed"),
    );
  };
  return (
    <button type="button" className="quiet" onClick={copy}>
      {said}
    </button>
  );
}
