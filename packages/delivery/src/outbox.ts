import { assert } from "@bourse/base";
import type { Rows, Statement } from "@bourse/store";
import type { Contracts } from "./contract-check.ts";
import type { NumberedEvent, OutgoingEvent } from "./envelope.ts";
import { numberArray, SEPARATOR, separated } from "./separated.ts";

/** The events of one transaction for one (topic, partition), not numbered yet. */
export interface PlannedRun {
  readonly topic: string;
  readonly partition: number;
  /** Where each event stood in the transaction's list. */
  readonly places: number[];
  readonly events: object[];
  readonly keys: (string | null)[];
  /** JSON without timestamp, `eventType` first. */
  readonly bodies: string[];
  readonly versions: number[];
}

/** A row of the outbox: consecutive numbers of one (topic, partition, epoch), in commit order (R3). */
export interface Run {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly timeMs: number;
  readonly keys: readonly (string | null)[];
  readonly bodies: readonly string[];
  readonly versions: readonly number[];
  /** What the bodies were made from, where it is still in memory. */
  readonly events: readonly object[] | null;
  readonly traceparent: string | undefined;
}

/** Groups events by (topic, partition), sorted so that every transaction locks the heads in one order (R13). */
export function planRuns(contracts: Contracts, events: readonly OutgoingEvent[]): readonly PlannedRun[] {
  const runs: PlannedRun[] = [];
  let run: PlannedRun | undefined;
  for (let place = 0; place < events.length; place++) {
    const outgoing = events[place];
    if (outgoing === undefined) continue;
    const version = contracts.checkOutgoing(outgoing);
    const body = bodyOf(outgoing);
    const { topic, partition, event, key } = outgoing;
    // Neighbours mostly go the same way, and all of a transaction go a few ways only.
    if (run?.partition !== partition || run.topic !== topic.name) run = runTo(runs, topic.name, partition);
    if (run === undefined) {
      run = {
        topic: topic.name,
        partition,
        places: [place],
        events: [event],
        keys: [key],
        bodies: [body],
        versions: [version],
      };
      runs.push(run);
      continue;
    }
    run.places.push(place);
    run.events.push(event);
    run.keys.push(key);
    run.bodies.push(body);
    run.versions.push(version);
  }
  return runs.sort(byTopicAndPartition);
}

function runTo(runs: readonly PlannedRun[], topic: string, partition: number): PlannedRun | undefined {
  for (const run of runs) if (run.partition === partition && run.topic === topic) return run;
  return undefined;
}

const BODY_START = '{"eventType":"';

/**
 * The event as the outbox keeps it. Asserts that `eventType` comes first, since the timestamp goes behind it; a plain one
 * has neither.
 */
function bodyOf({ topic, event }: OutgoingEvent): string {
  const body = JSON.stringify(event);
  assert(
    body.startsWith(BODY_START) === (topic.values !== "plain"),
    topic.values === "plain"
      ? "a plain event has no eventType"
      : "eventType is the first property of an event",
  );
  return body;
}

/** The value that is sent: the body with the timestamp behind `eventType`. A plain body is sent as it is. */
export function stampBody(body: string, timestamp: string): string {
  return createStamp(timestamp)(body);
}

/** {@link stampBody} of one body after the other: neighbours mostly begin alike. */
export function createStamp(timestamp: string): (body: string) => string {
  let start = BODY_START;
  let stamped = "";
  return (body) => {
    if (stamped === "" || !body.startsWith(start)) {
      if (!body.startsWith(BODY_START)) return body;
      start = body.slice(0, body.indexOf('"', BODY_START.length) + 1);
      stamped = `${start},"timestamp":"${timestamp}"`;
    }
    return stamped + body.slice(start.length);
  };
}

/** What `JSON.parse` of the stamped body gives, without parsing; the timestamp comes last, which is copied faster. */
export function stampEvent(event: object, timestamp: string): object {
  return "eventType" in event ? { ...event, timestamp } : event;
}

/** One order for all that is locked by (topic, partition), whatever the database's collation. */
export function byTopicAndPartition(
  a: { readonly topic: string; readonly partition: number },
  b: { readonly topic: string; readonly partition: number },
): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition;
}

/**
 * Numbers the runs and inserts them: U+001E is between the items of a list. The heads are locked in the order given (R13),
 * whether they are there yet or not, so one statement does for both; its plan nests loops around the lists, as sessions of
 * the store ask for. Bare and not in a function: a transaction of few events pays mostly for starting statements.
 */
export const OUTBOX_APPEND = `WITH given AS (
    SELECT unnest(string_to_array($2, E'\\x1e')) AS run_topic, unnest($3::int[]) AS run_partition,
      unnest($4::int[]) AS run_count, unnest(string_to_array($5, E'\\x1e')) AS run_keys,
      unnest(string_to_array($6, E'\\x1e')) AS run_bodies, unnest(string_to_array($7, E'\\x1e')) AS run_versions
  ), numbered AS (
    INSERT INTO outbox_head AS head (topic, partition, epoch, next, last_time)
    SELECT run_topic, run_partition, 1, 1 + run_count, $1::bigint FROM given
    ON CONFLICT (topic, partition)
    DO UPDATE SET next = head.next + EXCLUDED.next - 1, last_time = greatest(head.last_time, EXCLUDED.last_time)
    RETURNING topic, partition, epoch, next, last_time
  )
  INSERT INTO outbox (topic, partition, epoch, first_sequence, last_sequence, time_ms, keys, bodies, versions, traceparent)
  SELECT topic, partition, epoch, next - run_count, next - 1, last_time, run_keys, run_bodies, run_versions, $8
  FROM given JOIN numbered ON partition = run_partition AND topic = run_topic
  RETURNING topic, partition, epoch, first_sequence, time_ms`;

/** The last statement of the transaction: it goes out together with COMMIT (R3). */
export function appendStatement(
  runs: readonly PlannedRun[],
  nowMs: number,
  traceparent: string | undefined,
): Statement {
  return {
    text: OUTBOX_APPEND,
    values: [
      nowMs,
      separated(runs.map((run) => run.topic)),
      numberArray(runs.map((run) => run.partition)),
      numberArray(runs.map((run) => run.bodies.length)),
      separated(runs.map((run) => JSON.stringify(run.keys))),
      joinedBodies(runs),
      separated(runs.map((run) => writeVersions(run.versions))),
      traceparent ?? null,
    ],
  };
}

/** The largest text there is, so it is put together in one go: the bodies of a run in lines, the runs as by `separated`. */
function joinedBodies(runs: readonly PlannedRun[]): string {
  let text = "";
  let before = "";
  for (const { bodies } of runs) {
    for (const body of bodies) {
      text += before + body;
      before = "\n";
    }
    before = SEPARATOR;
  }
  return text;
}

/** The planned runs with the numbers that the append answered, in whatever order. */
export function numberRuns(
  planned: readonly PlannedRun[],
  rows: Rows,
  traceparent: string | undefined,
): readonly Run[] {
  assert(rows.length === planned.length, "the outbox answers one row for each run");
  return planned.map((run) => {
    const row = rows.find((each) => Number(each.partition) === run.partition && each.topic === run.topic);
    assert(row !== undefined, "the outbox answers with the topic and partition of each run");
    const firstSequence = Number(row.first_sequence);
    return {
      topic: run.topic,
      partition: run.partition,
      epoch: Number(row.epoch),
      firstSequence,
      lastSequence: firstSequence + run.bodies.length - 1,
      timeMs: Number(row.time_ms),
      keys: run.keys,
      bodies: run.bodies,
      versions: run.versions,
      events: run.events,
      traceparent,
    };
  });
}

/** The numbers of the transaction's events, in the order in which the transaction gave them. */
export function numberedEvents(
  planned: readonly PlannedRun[],
  runs: readonly Run[],
  count: number,
): readonly NumberedEvent[] {
  const numbered: NumberedEvent[] = new Array(count);
  for (let index = 0; index < runs.length; index++) {
    const run = runs[index];
    const places = planned[index]?.places;
    if (run === undefined || places === undefined) continue;
    for (let nth = 0; nth < places.length; nth++) {
      numbered[places[nth] as number] = {
        topic: run.topic,
        partition: run.partition,
        epoch: run.epoch,
        sequence: run.firstSequence + nth,
        timeMs: run.timeMs,
      };
    }
  }
  return numbered;
}

export const OUTBOX_READ = `SELECT epoch, first_sequence, last_sequence, time_ms, keys, bodies, versions, traceparent
  FROM (SELECT * FROM outbox WHERE topic = $1 AND partition = $2 AND (epoch, last_sequence) > ($3, $4)
    ORDER BY epoch, last_sequence LIMIT $5) AS next
  WHERE first_sequence <= $6 ORDER BY epoch, last_sequence`;

/**
 * Runs of one partition that end after `afterSequence` of `epoch`, in order: numbers go on from one epoch to the next
 * (R6). The first may begin at or before it. A row may hold one event or thousands, so both are bounded: `rows`, and
 * how far the last of them may begin behind `afterSequence`.
 */
export function readRunsStatement(options: {
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly afterSequence: number;
  readonly rows: number;
  readonly records: number;
}): Statement {
  const { topic, partition, epoch, afterSequence, rows, records } = options;
  return {
    text: OUTBOX_READ,
    values: [topic, partition, epoch, afterSequence, rows, afterSequence + records],
  };
}

/** Rows of {@link readRunsStatement} as runs. */
export function runsOf(topic: string, partition: number, rows: Rows): readonly Run[] {
  return rows.map((row) => {
    const bodies = String(row.bodies).split("\n");
    const run: Run = {
      topic,
      partition,
      epoch: Number(row.epoch),
      firstSequence: Number(row.first_sequence),
      lastSequence: Number(row.last_sequence),
      timeMs: Number(row.time_ms),
      keys: JSON.parse(String(row.keys)) as (string | null)[],
      bodies,
      versions: readVersions(String(row.versions), bodies.length),
      events: null,
      traceparent: typeof row.traceparent === "string" ? row.traceparent : undefined,
    };
    const count = run.lastSequence - run.firstSequence + 1;
    assert(
      bodies.length === count && run.keys.length === count,
      "an outbox row holds as many events as numbers",
    );
    return run;
  });
}

function writeVersions(versions: readonly number[]): string {
  const first = versions[0];
  return versions.every((version) => version === first) ? String(first) : versions.join(",");
}

function readVersions(text: string, count: number): readonly number[] {
  if (text.includes(",")) return text.split(",").map(Number);
  return new Array<number>(count).fill(Number(text));
}
