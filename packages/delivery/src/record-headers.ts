/** The headers of every record (R3). The value holds the contract and nothing else. */
export const HEADER = {
  id: "id",
  producer: "producer",
  epoch: "epoch",
  sequence: "sequence",
  version: "event-version",
  traceparent: "traceparent",
} as const;

/** What is the same for a run of records. */
export interface RecordOrigin {
  readonly producer: string;
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
}

export function recordHeaders(
  origin: RecordOrigin,
  sequence: number,
  version: number,
  traceparent: string | undefined,
): Record<string, string> {
  const number = String(sequence);
  const headers: Record<string, string> = {
    id: `${origin.topic}/${origin.partition}/${origin.epoch}/${number}`,
    producer: origin.producer,
    epoch: String(origin.epoch),
    sequence: number,
    "event-version": String(version),
  };
  if (traceparent !== undefined) headers.traceparent = traceparent;
  return headers;
}
