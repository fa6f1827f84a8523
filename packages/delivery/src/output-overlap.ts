import { InvariantError } from "@bourse/base";
import type { BusRecord, EventBus, PartitionReader, StartPosition } from "@bourse/bus";
import { pollLog } from "./poll-log.ts";
import { recordsBetween } from "./read-partition.ts";
import { HEADER } from "./record-headers.ts";

export interface RegeneratedOutput {
  readonly sequence: number;
  readonly key: string | null;
  readonly value: string;
}

const BATCH = 1_000;
/** So many of what lies behind a gap are in memory at once. */
const MOST_BEHIND = 4_000;

/** Why a number is not to be compared: the topic lacks it, or retention has dropped it. */
type Absent = "lacking" | "dropped";

/**
 * What a shard's output partition holds already, read beside the replay: each regenerated output must be equal to it,
 * byte for byte (R8). Otherwise the program is not a pure function of its log, or it is another program.
 */
export class OutputOverlap {
  readonly #bus: EventBus;
  readonly #producer: string;
  readonly #topic: string;
  readonly #partition: number;
  #from: StartPosition;
  #reader: PartitionReader | null = null;
  #buffer: readonly BusRecord[] = [];
  #place = 0;
  /** What lies before it was read, or is not to be. */
  #nextOffset = 0n;
  #begun = false;
  #isClosed = false;
  /** What lies behind a gap of the numbers before `#behindEnd`. */
  #behind: ReadonlyMap<number, BusRecord> = new Map();
  #behindEnd = 0;

  /** `from` lies at or before the first output that will be compared. */
  constructor(options: {
    readonly bus: EventBus;
    readonly producer: string;
    readonly topic: string;
    readonly partition: number;
    readonly from: StartPosition;
  }) {
    this.#bus = options.bus;
    this.#producer = options.producer;
    this.#topic = options.topic;
    this.#partition = options.partition;
    this.#from = options.from;
  }

  /**
   * Throws {@link InvariantError} at the first difference. Outputs that retention has dropped can't be compared. Answers with
   * those that the topic lacks: it had lost its end, and got later numbers before they were sent again (R8).
   */
  async compare<Output extends RegeneratedOutput>(outputs: readonly Output[]): Promise<readonly Output[]> {
    const lacking: Output[] = [];
    for (const output of outputs) {
      const record = await this.#find(output.sequence);
      if (record === "lacking") lacking.push(output);
      if (record === "lacking" || record === "dropped") continue;
      if (record.value === output.value && record.key === output.key) continue;
      throw new InvariantError(
        `a replay yields the same outputs: ${this.#topic}/${this.#partition} number ${output.sequence} is ` +
          `${record.key} ${record.value} at offset ${record.offset}, the replay gave ${output.key} ${output.value}`,
      );
    }
    return lacking;
  }

  /** A comparison that is under way finds nothing more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#reader?.close();
  }

  async #find(sequence: number): Promise<BusRecord | Absent> {
    for (;;) {
      if (sequence < this.#behindEnd) return this.#behind.get(sequence) ?? "lacking";
      const record = await this.#peek();
      if (record === null) return "dropped";
      const found = Number(record.headers[HEADER.sequence]);
      const isOwn = record.headers[HEADER.producer] === this.#producer;
      if (!isOwn || found < sequence) {
        // Of a log that has a lower number retention has not taken the higher ones.
        if (isOwn && this.#from === "earliest") this.#begun = true;
        this.#place++;
        continue;
      }
      if (found === sequence) {
        this.#begun = true;
        this.#place++;
        return record;
      }
      if (this.#begun || (this.#from === "earliest" && !(await this.#isCut())))
        await this.#lookBehind(record, { from: sequence, end: Math.min(found, sequence + MOST_BEHIND) });
      else if (this.#from === "earliest") return "dropped";
      else await this.#readFrom("earliest");
    }
  }

  /** Whether retention may have dropped what came before the first record. */
  async #isCut(): Promise<boolean> {
    const ends = (await this.#bus.offsets(this.#topic)).find((each) => each.partition === this.#partition);
    return ends === undefined || ends.earliest > 0n;
  }

  /** Finds numbers that came too late, up to the end that the log has now. */
  async #lookBehind(
    gap: BusRecord,
    { from, end }: { readonly from: number; readonly end: number },
  ): Promise<void> {
    const found = new Map<number, BusRecord>();
    const at = { topic: this.#topic, partition: this.#partition };
    const [last] = await this.#bus.tail(this.#topic, this.#partition, 1);
    const range = { from: gap.offset, end: (last?.offset ?? gap.offset) + 1n };
    for await (const records of recordsBetween(this.#bus, at, range)) {
      if (this.#isClosed) break;
      for (const record of records) {
        const { headers } = record;
        const sequence = Number(headers[HEADER.sequence]);
        const isLate = headers[HEADER.producer] === this.#producer && sequence >= from && sequence < end;
        if (isLate && !found.has(sequence)) found.set(sequence, record);
      }
      if (found.size === end - from) break;
    }
    this.#behind = found;
    this.#behindEnd = end;
  }

  async #peek(): Promise<BusRecord | null> {
    if (this.#place < this.#buffer.length) return this.#buffer[this.#place] ?? null;
    if (this.#isClosed) return null;
    const reader = this.#reader ?? (await this.#readFrom(this.#from));
    const reading = {
      topic: this.#topic,
      partition: this.#partition,
      reader,
      nextOffset: this.#nextOffset,
      isClosed: () => this.#isClosed,
    };
    this.#buffer = await pollLog(this.#bus, reading, BATCH);
    this.#place = 0;
    const last = this.#buffer.at(-1);
    if (last !== undefined) this.#nextOffset = last.offset + 1n;
    // The tail was there when the replay began: nothing more means that retention has taken it since.
    return this.#buffer[0] ?? null;
  }

  async #readFrom(from: StartPosition): Promise<PartitionReader> {
    await this.#reader?.close();
    this.#from = from;
    this.#buffer = [];
    this.#place = 0;
    this.#nextOffset = typeof from === "bigint" ? from : 0n;
    const reader = await this.#bus.read({ topic: this.#topic, partition: this.#partition, from });
    this.#reader = reader;
    if (this.#isClosed) await reader.close();
    return reader;
  }
}
