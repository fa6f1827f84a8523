import { InvariantError } from "@bourse/base";
import type { BusRecord, EventBus, PartitionReader, StartPosition } from "@bourse/bus";
import { pollLog } from "./poll-log.ts";
import { HEADER } from "./record-headers.ts";

export interface RegeneratedOutput {
  readonly sequence: number;
  readonly key: string | null;
  readonly value: string;
}

const BATCH = 1_000;

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

  /** Throws {@link InvariantError} at the first difference. Outputs that retention has dropped can't be compared. */
  async compare(outputs: readonly RegeneratedOutput[]): Promise<void> {
    for (const output of outputs) {
      const record = await this.#find(output.sequence);
      if (record === null) continue;
      if (record.value === output.value && record.key === output.key) continue;
      throw new InvariantError(
        `a replay yields the same outputs: ${this.#topic}/${this.#partition} number ${output.sequence} is ` +
          `${record.key} ${record.value} at offset ${record.offset}, the replay gave ${output.key} ${output.value}`,
      );
    }
  }

  /** A comparison that is under way finds nothing more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#reader?.close();
  }

  /** The record with that number; null: the log begins behind it. */
  async #find(sequence: number): Promise<BusRecord | null> {
    for (;;) {
      const record = await this.#peek();
      if (record === null) return null;
      const found = Number(record.headers[HEADER.sequence]);
      if (record.headers[HEADER.producer] !== this.#producer || found < sequence) {
        this.#place++;
        continue;
      }
      if (found === sequence) {
        this.#begun = true;
        this.#place++;
        return record;
      }
      if (this.#begun) {
        throw new InvariantError(
          `${this.#topic}/${this.#partition} holds every number, ${sequence} is missing before ${found}`,
        );
      }
      if (this.#from === "earliest") return null;
      await this.#readFrom("earliest");
    }
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
