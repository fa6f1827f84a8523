import { assert, type Random, seededRandom } from "@bourse/base";
import { partitionOf } from "@bourse/bus";
import { type PackedBatch, RecordPacker } from "@bourse/bus/kafka";
import { type EventOf, encodeTradeReported, generatorProducer, TradeReported } from "@bourse/contracts";
import { POISON_KINDS, type PoisonKind, poisonRecord } from "./poison.ts";
import { ReportEncoder } from "./report-encoder.ts";
import { reportOf, type StreamTrade } from "./trade-source.ts";

export interface WriterOptions {
  readonly topic: string;
  readonly partitions: number;
  /** Names this run: its producer, whose numbers begin at 1 in each partition (R7), and the beginning of its trade ids. */
  readonly run: string;
  /** How much of it is bad on purpose, 0 to 1. */
  readonly poisonShare: number;
  /** Which records are bad, and how. */
  readonly seed: number;
  /** Told of every record, in the order of each partition. */
  readonly onRecord?: (record: WrittenRecord) => void;
}

/** What is said of a record in the journal: its number, and the good trade that it is or that was spoilt. */
export interface WrittenRecord {
  readonly partition: number;
  readonly sequence: number;
  readonly kind: "good" | PoisonKind;
  readonly trade: EventOf<typeof TradeReported>;
}

/** Where a client's trades go, and their key. */
interface ClientPlace {
  readonly partition: number;
  readonly key: Uint8Array;
}

const EPOCH = 1;

/** Puts trades into numbered, keyed record batches: the envelope of R3 around each. */
export class StreamWriter {
  readonly producer: string;
  readonly #options: WriterOptions;
  readonly #packers: readonly RecordPacker[];
  readonly #places = new Map<string, ClientPlace>();
  readonly #random: Random;
  readonly #lastGood: (string | undefined)[];
  readonly #poisoned = new Map<PoisonKind, number>();
  readonly #encoder: ReportEncoder;
  #trades = 0;
  #bytes = 0;
  #kinds = 0;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.producer = generatorProducer(options.run);
    this.#encoder = new ReportEncoder(options.run);
    this.#random = seededRandom(options.seed ^ 0x5eed);
    this.#lastGood = new Array<string | undefined>(options.partitions);
    this.#packers = Array.from(
      { length: options.partitions },
      (_, partition) =>
        new RecordPacker({
          topic: options.topic,
          partition,
          headers: {
            producer: this.producer,
            epoch: String(EPOCH),
            "event-version": String(TradeReported.version),
          },
          numbered: { id: `${options.topic}/${partition}/${EPOCH}/`, sequence: "" },
          firstNumber: 1,
        }),
    );
  }

  /** Bytes that wait in it, all partitions together. */
  get waitingBytes(): number {
    return this.#bytes;
  }

  /** How many records of each kind were spoilt. */
  get poisoned(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#poisoned);
  }

  add(source: StreamTrade, nowMs: number): void {
    const number = ++this.#trades;
    const { clientId, timeMs = nowMs } = source;
    const { partition, key } = this.#place(clientId);
    const packer = this.#packers[partition];
    assert(packer !== undefined, "a client has a partition");
    const before = packer.bytes;
    const { poisonShare, onRecord } = this.#options;
    if (poisonShare === 0 && onRecord === undefined && this.#encoder.take(source, number, timeMs))
      packer.add(key, this.#encoder, nowMs);
    else {
      const trade = reportOf(source, { tradeId: `${this.#options.run}-${number}`, timeMs });
      this.#addTold(packer, partition, { trade, nowMs });
    }
    this.#bytes += packer.bytes - before;
  }

  /** What is spoilt, or told of, or has strange letters, is made as a text first. */
  #addTold(
    packer: RecordPacker,
    partition: number,
    { trade, nowMs }: { readonly trade: EventOf<typeof TradeReported>; readonly nowMs: number },
  ): void {
    const { poisonShare, onRecord } = this.#options;
    let sequence: number;
    let kind: WrittenRecord["kind"] = "good";
    const lastGood = this.#lastGood[partition];
    // The first record of a partition is good, so that a second one can be its duplicate.
    if (poisonShare > 0 && lastGood !== undefined && this.#random.next() < poisonShare) {
      kind = this.#nextKind();
      const bad = poisonRecord(kind, { trade, nowMs, before: lastGood });
      sequence = packer.add(bad.key, bad.value, nowMs);
    } else {
      const value = encodeTradeReported(trade);
      sequence = packer.add(trade.clientId, value, nowMs);
      if (poisonShare > 0) this.#lastGood[partition] = value;
    }
    onRecord?.({ partition, sequence, kind, trade });
  }

  /** What waits, one batch for each partition that has something. Valid until the call after the next. */
  take(): readonly PackedBatch[] {
    this.#bytes = 0;
    return this.#packers.filter(({ count }) => count > 0).map((packer) => packer.take());
  }

  /** Each kind in its turn, so that a small run has them all. */
  #nextKind(): PoisonKind {
    const kind = POISON_KINDS[this.#kinds++ % POISON_KINDS.length] as PoisonKind;
    this.#poisoned.set(kind, (this.#poisoned.get(kind) ?? 0) + 1);
    return kind;
  }

  #place(clientId: string): ClientPlace {
    let place = this.#places.get(clientId);
    if (place === undefined) {
      place = { partition: partitionOf(clientId, this.#packers.length), key: Buffer.from(clientId) };
      this.#places.set(clientId, place);
    }
    return place;
  }
}
