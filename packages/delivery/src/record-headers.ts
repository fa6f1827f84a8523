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

/** Headers of one record after the other, whose number is all that tells them apart. */
export type HeadersOf = (
  sequence: number,
  version: number,
  traceparent: string | undefined,
) => Record<string, string>;

export function headersFrom({ producer, topic, partition, epoch: epochNumber }: RecordOrigin): HeadersOf {
  const epoch = String(epochNumber);
  const idStart = `${topic}/${partition}/${epoch}/`;
  return (sequenceNumber, version, traceparent) => {
    const sequence = String(sequenceNumber);
    const id = idStart + sequence;
    const headers: Record<string, string> = {
      id,
      producer,
      epoch,
      sequence,
      "event-version": String(version),
    };
    if (traceparent !== undefined) headers.traceparent = traceparent;
    return headers;
  };
}

export function recordHeaders(
  origin: RecordOrigin,
  sequence: number,
  version: number,
  traceparent: string | undefined,
): Record<string, string> {
  return headersFrom(origin)(sequence, version, traceparent);
}
