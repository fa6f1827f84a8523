import type { BusRecord, ChunkSlice, RecordChunk } from "./port.ts";

/**
 * Places of a record's numbers in `spans`, each the beginning of a part with its end behind it. A key of -1 to -1 is
 * null; so is a header that the record does not have. From `headers` on, one pair for each wanted header in turn.
 */
export const SPAN = { key: 0, value: 2, headers: 4 } as const;
export const CHUNK_SPANS = 4;

/** The chunk of records that are objects already. Each partition's records are their own chunk. */
export function chunksOfRecords(records: readonly BusRecord[], wanted: readonly string[]): ChunkSlice[] {
  const slices: ChunkSlice[] = [];
  let from = 0;
  while (from < records.length) {
    const first = records[from] as BusRecord;
    let to = from + 1;
    while (records[to]?.partition === first.partition && records[to]?.topic === first.topic) to++;
    const chunk = chunkOf(records.slice(from, to), wanted);
    slices.push({ chunk, from: 0, to: to - from });
    from = to;
  }
  return slices;
}

/** Of one partition's records, at least one. */
function chunkOf(records: readonly BusRecord[], wanted: readonly string[]): RecordChunk {
  const { topic, partition } = records[0] as BusRecord;
  const stride = CHUNK_SPANS + 2 * wanted.length;
  const spans = new Int32Array(records.length * stride).fill(-1);
  const pieces: Uint8Array[] = [];
  let position = 0;
  const add = (at: number, piece: Uint8Array | null): void => {
    if (piece === null) return;
    spans[at] = position;
    position += piece.length;
    spans[at + 1] = position;
    pieces.push(piece);
  };
  const bytesOf = (text: string | null | undefined): Uint8Array | null =>
    text === null || text === undefined ? null : Buffer.from(text);
  records.forEach((record, index) => {
    const base = index * stride;
    add(base + SPAN.key, record.rawKey ?? bytesOf(record.key));
    add(base + SPAN.value, record.rawValue ?? bytesOf(record.value));
    wanted.forEach((name, nth) => {
      add(base + SPAN.headers + 2 * nth, bytesOf(record.headers[name]));
    });
  });
  return {
    topic,
    partition,
    bytes: Buffer.concat(pieces),
    count: records.length,
    offsets: Float64Array.from(records, ({ offset }) => Number(offset)),
    timesMs: Float64Array.from(records, ({ timestampMs }) => timestampMs),
    spans,
    stride,
    record: (index) => records[index] as BusRecord,
    release: () => undefined,
  };
}
