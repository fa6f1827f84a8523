import type { OutgoingRecord } from "@bourse/bus";
import { rfc3339 } from "@bourse/contracts";
import { deadLetterHeaders } from "./dead-letter.ts";
import { createStamp, stampEvent } from "./outbox.ts";
import { headersFrom } from "./record-headers.ts";
import type { RunSlice } from "./relay-lane.ts";

/** Their records say in headers, too, why they are there and where they came from (R12). */
const DEAD_LETTER = "dead-letter-";

/** The records of some events of a run, numbered, stamped and, where the event is in memory, already decoded. */
export function recordsOfSlice(producer: string, slice: RunSlice): OutgoingRecord[] {
  const records: OutgoingRecord[] = [];
  addRecords(records, producer, slice);
  return records;
}

/** As {@link recordsOfSlice}, behind the records that are there. */
export function addRecords(records: OutgoingRecord[], producer: string, { run, from, to }: RunSlice): void {
  const { topic, partition, epoch, timeMs, traceparent } = run;
  const timestamp = rfc3339(timeMs);
  const stamp = createStamp(timestamp);
  const headersOf = headersFrom({ producer, topic, partition, epoch });
  const isDeadLetter = topic.startsWith(DEAD_LETTER);
  for (let place = from; place < to; place++) {
    const event = run.events?.[place];
    const body = run.bodies[place] ?? "";
    const headers = headersOf(run.firstSequence + place, run.versions[place] ?? 1, traceparent);
    if (isDeadLetter) Object.assign(headers, deadLetterHeaders(event ?? (JSON.parse(body) as object)));
    records.push({
      key: run.keys[place] ?? null,
      value: stamp(body),
      headers,
      timestampMs: timeMs,
      decoded: event === undefined ? undefined : stampEvent(event, timestamp),
    });
  }
}
