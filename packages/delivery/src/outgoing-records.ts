import type { OutgoingRecord } from "@bourse/bus";
import { rfc3339 } from "@bourse/contracts";
import { deadLetterHeaders } from "./dead-letter.ts";
import { stampBody, stampEvent } from "./outbox.ts";
import { recordHeaders } from "./record-headers.ts";
import type { RunSlice } from "./relay-lane.ts";

/** Their records say in headers, too, why they are there and where they came from (R12). */
const DEAD_LETTER = "dead-letter-";

/** The records of some events of a run, numbered, stamped and, where the event is in memory, already decoded. */
export function recordsOfSlice(producer: string, slice: RunSlice): OutgoingRecord[] {
  const { run, from, to } = slice;
  const timestamp = rfc3339(run.timeMs);
  const origin = { producer, topic: run.topic, partition: run.partition, epoch: run.epoch };
  const isDeadLetter = run.topic.startsWith(DEAD_LETTER);
  const records: OutgoingRecord[] = [];
  for (let place = from; place < to; place++) {
    const event = run.events?.[place];
    const body = run.bodies[place] ?? "";
    const headers = recordHeaders(
      origin,
      run.firstSequence + place,
      run.versions[place] ?? 1,
      run.traceparent,
    );
    if (isDeadLetter) Object.assign(headers, deadLetterHeaders(event ?? (JSON.parse(body) as object)));
    const record = {
      key: run.keys[place] ?? null,
      value: stampBody(body, timestamp),
      headers,
      timestampMs: run.timeMs,
    };
    records.push(event === undefined ? record : { ...record, decoded: stampEvent(event, timestamp) });
  }
  return records;
}
