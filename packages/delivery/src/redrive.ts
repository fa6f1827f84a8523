import type { ServiceName, Topic } from "@bourse/contracts";
import { type Row, type Statement, type Store, StoreError, sqlArray } from "@bourse/store";
import { type Actor, auditEvent } from "./audit.ts";
import { isRetryable } from "./backoff.ts";
import type { BulkConsumption } from "./bulk/bulk-definitions.ts";
import { redoBulk } from "./bulk/redo-bulk.ts";
import { type CommitParts, commitUnit } from "./commit.ts";
import { describe } from "./dead-letter.ts";
import { createDecoder, DecodeError } from "./decode.ts";
import type { EffectConsumption, Effects, Unit } from "./definitions.ts";
import type { OutgoingEvent } from "./envelope.ts";
import { blameOf, RecordRefused } from "./failure-policy.ts";
import type { DeliveryMetrics } from "./metrics.ts";
import {
  countReasons,
  listParked,
  type ParkedDetail,
  type ParkedFilter,
  type ParkedPartition,
  type ParkedReason,
  type ParkedRecord,
  parkedDetailOf,
  parkedReasonOf,
  parkedRecordOf,
  type Selection,
  toDrop,
  toRedrive,
} from "./parked-queries.ts";
import {
  COUNT_APPLIED,
  COUNT_PARKED,
  FAILED_AGAIN,
  FORGET_RESOLVED,
  lockPartition,
  resolve,
} from "./parked-statements.ts";
import { type Redone, redoEffect } from "./redo-effect.ts";

export interface ParkedCommand {
  readonly filter: ParkedFilter;
  /** At most so many records; the rest is left for the next call. */
  readonly max: number;
  readonly actor: Actor;
  readonly reason?: string;
  readonly requestId: string;
}

export interface RedriveCommand extends ParkedCommand {
  /** Calls with the same id are one redrive: what has failed in it is not tried again by it. */
  readonly runId: string;
}

export interface RedriveOutcome {
  readonly applied: number;
  /** Each stays parked, and so does what queues behind it. */
  readonly failed: readonly { readonly id: string; readonly code: string; readonly message: string }[];
  /** What this redrive has not come to yet. */
  readonly left: number;
}

export interface DropOutcome {
  readonly dropped: number;
  readonly left: number;
}

/** What a service has parked, for operators (R12). Reads are snapshots; redrive and drop are exact, once and audited. */
export interface ParkedDesk {
  /** In the order in which they are redriven; `after` is the last id of the page before. */
  list(filter: ParkedFilter, after: string | null, limit: number): Promise<readonly ParkedRecord[]>;
  reasons(filter: ParkedFilter): Promise<readonly ParkedReason[]>;
  show(id: string): Promise<ParkedDetail | null>;
  /** How many records a redrive, or a drop, would come to. */
  countToRedrive(filter: ParkedFilter): Promise<number>;
  countToDrop(filter: ParkedFilter): Promise<number>;
  /**
   * Runs parked records through their handler, in order, and flips each to APPLIED in the transaction of its effects:
   * what is interrupted goes on where it was. A key whose record fails again is left for this run. The whole queue of
   * a key goes, once one of its records is meant.
   */
  redrive(command: RedriveCommand): Promise<RedriveOutcome>;
  /** Gives records up. Of a key only from the front: a record that is not meant keeps those behind it. */
  drop(command: ParkedCommand & { readonly reason: string }): Promise<DropOutcome>;
}

export interface DeskParts {
  readonly serviceName: ServiceName;
  /** Where it is told who has redriven or dropped what. */
  readonly audit: Topic;
  readonly store: Store;
  readonly commit: CommitParts;
  readonly metrics: DeliveryMetrics;
}

/** Records of one transaction; halved as long as it fails. */
const CHUNK = 100;
/** For as long as someone may ask what became of it. */
export const KEEP_RESOLVED_MS: number = 90 * 86_400_000;

/** How parked records of a subscription are run again. */
interface Subscribed {
  /** Runs a unit of work as the consumer runs its own. */
  around(unit: () => Promise<void>): Promise<void>;
  /** Their effects in a unit that holds the partition. Throws where they can't be applied, all of them or one. */
  redo(rows: readonly Row[], unit: Unit): Promise<Redone>;
}

export class ServiceParkedDesk implements ParkedDesk {
  readonly #parts: DeskParts;
  readonly #subscribed = new Map<string, Subscribed>();
  readonly #audit: Topic;

  constructor(parts: DeskParts) {
    this.#parts = parts;
    this.#audit = parts.audit;
  }

  /** A consumption whose parked records can be redriven here. */
  serve<Service>(service: Service, consumption: EffectConsumption<Service> | BulkConsumption<Service>): void {
    const { subscription } = consumption;
    if (consumption.kind === "bulk") {
      this.#subscribed.set(subscription, {
        around: (unit) => unit(),
        redo: (rows, unit) => redoBulk(consumption.create(service), rows, unit),
      });
      return;
    }
    const decode = createDecoder(consumption.topics);
    const { around = (_, unit) => unit() } = consumption;
    this.#subscribed.set(subscription, {
      around: (unit) => around(service, unit),
      redo: (rows, unit) => redoEffect({ service, consumption, decode }, rows, unit),
    });
  }

  async list(filter: ParkedFilter, after: string | null, limit: number): Promise<readonly ParkedRecord[]> {
    return (await this.#parts.store.query(listParked(filter, after, limit))).map(parkedRecordOf);
  }

  async reasons(filter: ParkedFilter): Promise<readonly ParkedReason[]> {
    return (await this.#parts.store.query(countReasons(filter))).map(parkedReasonOf);
  }

  async show(id: string): Promise<ParkedDetail | null> {
    const [row] = await this.#parts.store.query(listParked({ id }, null, 1));
    return row === undefined ? null : parkedDetailOf(row);
  }

  countToRedrive(filter: ParkedFilter): Promise<number> {
    return this.#count(toRedrive(filter, "").left);
  }

  countToDrop(filter: ParkedFilter): Promise<number> {
    return this.#count(toDrop(filter).left);
  }

  async redrive(command: RedriveCommand): Promise<RedriveOutcome> {
    const selection = toRedrive(command.filter, command.runId);
    const failed: { id: string; code: string; message: string }[] = [];
    let applied = 0;
    let chunk = CHUNK;
    while (applied + failed.length < command.max) {
      const at = await this.#next(selection);
      if (at === null) break;
      const limit = Math.min(chunk, command.max - applied - failed.length);
      try {
        applied += await this.#redriveChunk(at, selection.chunk(at, limit), command);
        chunk = Math.min(CHUNK, chunk * 2);
      } catch (error) {
        if (!(error instanceof ChunkFailed)) throw error;
        if (error.records.length > 1) {
          chunk = Math.max(1, error.records.length >> 1);
          continue;
        }
        const [record] = error.records;
        if (record !== undefined) failed.push(await this.#noteFailure(record, error.cause, command));
      }
    }
    await this.#afterwards();
    return { applied, failed, left: await this.#count(selection.left) };
  }

  async drop(command: ParkedCommand & { readonly reason: string }): Promise<DropOutcome> {
    const selection = toDrop(command.filter);
    let dropped = 0;
    while (dropped < command.max) {
      const at = await this.#next(selection);
      if (at === null) break;
      dropped += await this.#dropChunk(
        at,
        selection.chunk(at, Math.min(CHUNK, command.max - dropped)),
        command,
      );
    }
    await this.#afterwards();
    return { dropped, left: await this.#count(selection.left) };
  }

  /** The gauge of what is parked, from the table: other instances park and redrive as well. */
  async refreshGauge(): Promise<void> {
    const { store, metrics } = this.#parts;
    const rows = await store.query({ text: COUNT_PARKED, values: [] });
    metrics.parkedRecords.reset();
    for (const row of rows) {
      const labels = { subscription: String(row.subscription), reason: String(row.code) };
      metrics.parkedRecords.set(labels, Number(row.count));
    }
  }

  async #afterwards(): Promise<void> {
    await this.refreshGauge();
    const before = this.#parts.commit.retention.cutoffMs(KEEP_RESOLVED_MS);
    await this.#parts.store.transaction("parked.forget", (tx) =>
      tx.commit([{ text: FORGET_RESOLVED, values: [before] }]),
    );
  }

  async #next({ next }: Selection): Promise<ParkedPartition | null> {
    const [row] = await this.#parts.store.query(next);
    if (row === undefined) return null;
    return {
      subscription: String(row.subscription),
      topic: String(row.topic),
      partition: Number(row.partition),
    };
  }

  async #count(left: Statement): Promise<number> {
    const [row] = await this.#parts.store.query(left);
    return Number(row?.count ?? 0);
  }

  /** One transaction: lock the partition, handle the records, flip them, free their keys, audit. How many it were. */
  async #redriveChunk(at: ParkedPartition, select: Statement, command: RedriveCommand): Promise<number> {
    const { commit, metrics } = this.#parts;
    const subscribed = this.#subscribed.get(at.subscription);
    const hand: { records: readonly ParkedRecord[]; redone: Redone | null } = { records: [], redone: null };
    const work = async (unit: Unit): Promise<Effects> => {
      const rows = await lockAndRead(unit, at, select);
      hand.records = rows.map(parkedRecordOf);
      hand.redone = null;
      if (rows.length === 0) return NOTHING;
      if (subscribed === undefined)
        throw new RecordRefused("unknown_subscription", `nothing here subscribes as ${at.subscription}`);
      hand.redone = await subscribed.redo(rows, unit);
      hand.records = hand.records.slice(0, hand.redone.count);
      const { effects } = hand.redone;
      return {
        statements: [
          ...effects.statements,
          ...resolve(at, hand.records, { status: "APPLIED", nowMs: unit.nowMs, ...command }),
        ],
        events: [...effects.events, this.#audited("redrive", hand.records, command)],
        result: undefined,
      };
    };
    const name = `redrive.${at.subscription}`;
    const unit = async (): Promise<void> =>
      void (await commitUnit(commit, { name, front: [], traceparent: undefined, work }));
    try {
      await (subscribed === undefined ? unit() : subscribed.around(unit));
    } catch (error) {
      const isDone = isUnknown(error) && hand.redone !== null && (await this.#isApplied(at, hand.records));
      if (!isDone) {
        if (isRetryable(error) || blameOf(error) === "stop" || hand.records.length === 0) throw error;
        throw new ChunkFailed(hand.records, error);
      }
    }
    const { redone } = hand;
    if (redone === null) return 0;
    metrics.redriven.inc({ subscription: at.subscription, outcome: "applied" }, redone.count);
    redone.committed();
    return redone.count;
  }

  /** R5: a COMMIT without an answer is read back, behind whatever it still holds. False also where nobody can tell. */
  async #isApplied(at: ParkedPartition, records: readonly ParkedRecord[]): Promise<boolean> {
    const values = [at.subscription, at.topic, at.partition, sqlArray(records.map(({ place }) => place))];
    try {
      const rows = await this.#parts.store.transaction("redrive.read_back", async (tx) => {
        const read = await tx.run([...lockPartition(at), { text: COUNT_APPLIED, values }]);
        await tx.commit([]);
        return read.at(-1);
      });
      return Number(rows?.[0]?.count) === records.length;
    } catch {
      return false;
    }
  }

  /** It stays parked, with what it failed with now, and this run leaves it and its key alone. */
  async #noteFailure(
    record: ParkedRecord,
    error: unknown,
    command: RedriveCommand,
  ): Promise<RedriveOutcome["failed"][number]> {
    const { message, stack } = describe(error);
    const code = codeOf(error);
    await commitUnit(this.#parts.commit, {
      name: `redrive.${record.subscription}`,
      front: [],
      traceparent: undefined,
      work: async (unit) => {
        await unit.run(lockPartition(record));
        const { subscription, topic, partition, place } = record;
        const values = [subscription, topic, partition, place, command.runId, code, message, stack];
        return {
          statements: [{ text: FAILED_AGAIN, values }],
          events: [this.#audited("redrive", [record], command, `${code}: ${message}`)],
          result: undefined,
        };
      },
    });
    this.#parts.metrics.redriven.inc({ subscription: record.subscription, outcome: "failed" });
    return { id: record.id, code, message };
  }

  async #dropChunk(at: ParkedPartition, select: Statement, command: ParkedCommand): Promise<number> {
    let records: readonly ParkedRecord[] = [];
    await commitUnit(this.#parts.commit, {
      name: `drop.${at.subscription}`,
      front: [],
      traceparent: undefined,
      work: async (unit) => {
        records = (await lockAndRead(unit, at, select)).map(parkedRecordOf);
        if (records.length === 0) return NOTHING;
        return {
          statements: resolve(at, records, { status: "DROPPED", nowMs: unit.nowMs, ...command }),
          events: [this.#audited("drop", records, command)],
          result: undefined,
        };
      },
    });
    this.#parts.metrics.dropped.inc({ subscription: at.subscription }, records.length);
    return records.length;
  }

  #audited(
    what: "redrive" | "drop",
    records: readonly ParkedRecord[],
    { actor, reason, requestId }: ParkedCommand,
    fault?: string,
  ): OutgoingEvent {
    return auditEvent(this.#audit, {
      actor,
      action: `dead-letters.${what}`,
      subjects: records.map(({ id }) => id),
      ...(reason === undefined ? {} : { reason }),
      ...(fault === undefined ? {} : { fault }),
      requestId,
    });
  }
}

const NOTHING: Effects = { statements: [], events: [], result: undefined };

/** The records of a chunk that can't be applied together; one: it can't be applied. */
class ChunkFailed extends Error {
  readonly records: readonly ParkedRecord[];

  constructor(records: readonly ParkedRecord[], cause: unknown) {
    super("records can't be redriven together", { cause });
    this.records = records;
  }
}

/** The partition's consumer waits, and no other redrive is under way: what is read now is all there is (R12). */
async function lockAndRead(unit: Unit, at: ParkedPartition, select: Statement): Promise<readonly Row[]> {
  const results = await unit.run([...lockPartition(at), select]);
  return results.at(-1) ?? [];
}

function isUnknown(error: unknown): boolean {
  return error instanceof StoreError && error.code === "commit_unknown";
}

function codeOf(error: unknown): string {
  if (error instanceof RecordRefused || error instanceof DecodeError) return error.code;
  return "retries_exhausted";
}
