import type { DatabaseSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { BusError } from "../bus-error.ts";
import type { Headers, OutgoingRecord } from "../port.ts";
import type { RunToStore } from "./frame.ts";
import { removeSegment } from "./load-segments.ts";
import { DURABLE_PLACE, FORMAT_VERSION } from "./log-file.ts";
import { segmentNumbers, segmentPath } from "./segment-file.ts";
import { SegmentLog, type SegmentLogOptions } from "./segment-log.ts";

const APPEND_BYTES = 4_000_000;
const PREFIX_BYTES = 8;

/**
 * Format 1 had the runs in a table. They go into segments, and the table goes in the transaction that counts the format
 * up: a stop before that leaves the old log, and the next start begins again.
 */
export function convertFormat1(
  database: DatabaseSync,
  options: Omit<SegmentLogOptions, "durable" | "earliestOf">,
): void {
  const { folder } = options;
  for (const number of segmentNumbers(folder)) removeSegment({ path: segmentPath(folder, number) });
  const log = new SegmentLog({ ...options, durable: undefined, earliestOf: () => 0 });
  try {
    for (const runs of inAppends(storedRuns(database))) log.append(runs, false);
    log.sync();
    const { segment, position } = log.durable;
    database.exec(`
      BEGIN;
      DROP TABLE runs;
      ${DURABLE_PLACE}
      INSERT INTO durable_place VALUES (1, ${segment}, ${position});
      PRAGMA user_version = ${FORMAT_VERSION};
      COMMIT;
      VACUUM;
    `);
  } finally {
    log.close();
  }
}

interface OldRun {
  readonly run: RunToStore;
  readonly bytes: number;
}

function* storedRuns(database: DatabaseSync): Generator<OldRun> {
  // The order in which they were appended.
  const select = database.prepare(
    `SELECT partition_number AS "partition", base, count, max_ms AS "maxMs", high_ms AS "highMs", body FROM runs ORDER BY rowid`,
  );
  for (const row of select.iterate()) {
    const { partition, base, count, maxMs, highMs, body } = row as unknown as Omit<RunToStore, "records"> & {
      readonly count: number;
      readonly body: Uint8Array;
    };
    const records = decodeBody(body, count);
    if (records === undefined) {
      throw new BusError(
        "bus_refused",
        `the records of partition number ${partition} from offset ${base} on are damaged on disk (checksum)`,
        { retryable: false },
      );
    }
    yield { run: { partition, base, records, maxMs, highMs }, bytes: body.byteLength };
  }
}

function* inAppends(runs: Iterable<OldRun>): Generator<readonly RunToStore[]> {
  let gathered: RunToStore[] = [];
  let total = 0;
  for (const { run, bytes } of runs) {
    gathered.push(run);
    total += bytes;
    if (total < APPEND_BYTES) continue;
    yield gathered;
    gathered = [];
    total = 0;
  }
  if (gathered.length > 0) yield gathered;
}

/** The columns of a run as JSON: keys, times, lengths of the values, headers by name or by record. */
interface Description {
  readonly k: Column<string | null>;
  readonly t: Column<number>;
  readonly n: Column<number>;
  readonly h?: readonly (readonly [string, Column<string>])[];
  readonly r?: readonly Headers[];
}

type Column<T> = { readonly all: T } | readonly T[];

/** CRC-32 of what follows, length of the description, the description, the values; the numbers are big-endian. */
function decodeBody(body: Uint8Array, count: number): readonly OutgoingRecord[] | undefined {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (bytes.length < PREFIX_BYTES || bytes.readUInt32BE(0) !== crc32(bytes.subarray(4))) return undefined;
  const jsonEnd = PREFIX_BYTES + bytes.readUInt32BE(4);
  const description = JSON.parse(bytes.toString("utf8", PREFIX_BYTES, jsonEnd)) as Description;
  const text = bytes.toString("utf8", jsonEnd);
  let end = 0;
  return Array.from({ length: count }, (_, index) => {
    const start = end;
    end += cell(description.n, index);
    return {
      key: cell(description.k, index),
      value: text.slice(start, end),
      headers: headersOf(description, index),
      timestampMs: cell(description.t, index),
    };
  });
}

function cell<T>(values: Column<T>, index: number): T {
  return "all" in values ? values.all : (values[index] as T);
}

function headersOf({ h, r }: Description, index: number): Headers {
  if (h === undefined) return r?.[index] ?? {};
  return Object.fromEntries(h.map(([name, values]) => [name, cell(values, index)]));
}
