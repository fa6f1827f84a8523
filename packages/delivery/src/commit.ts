import type { Clock } from "@bourse/base";
import type { Rows, Statement, Store } from "@bourse/store";
import { StoreError } from "@bourse/store";
import type { Contracts } from "./contract-check.ts";
import type { Delivery, Effects, Unit } from "./definitions.ts";
import {
  appendStatement,
  numberedEvents,
  numberRuns,
  type PlannedRun,
  planRuns,
  type Run,
} from "./outbox.ts";
import type { Retention } from "./retention.ts";
import { activeTraceparent } from "./trace.ts";

/** Where committed runs go: the relay. */
export interface RunSink {
  /** Runs of one transaction, after its commit. */
  hand(runs: readonly Run[]): void;
  /** Something may have been committed that nobody knows the numbers of: look into the table. */
  lookAgain(): void;
}

export interface CommitParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly contracts: Contracts;
  readonly sink: RunSink;
  readonly counted: (events: number) => void;
  readonly retention: Retention;
}

export interface UnitOfWork<Result> {
  readonly name: string;
  /** Travels in front of the unit's first round trip: the marks' compare-and-set of a consumer (R5). */
  readonly front: readonly Statement[];
  /** Where there is no active span: the trace of the records that the unit is about. */
  readonly traceparent: string | undefined;
  readonly work: (unit: Unit) => Promise<Effects<Result>>;
}

/** A unit that is committed. What became of each single event is asked for by few. */
export interface CommittedUnit<Result> {
  readonly result: Result;
  readonly planned: readonly PlannedRun[];
  /** Parallel to those that were planned. */
  readonly runs: readonly Run[];
  readonly events: number;
}

const NO_RUNS: readonly never[] = [];

/** The one transaction there is: front, the unit's reads, effects, and the outbox last, sent with COMMIT (R3, R5). */
export async function commitUnit<Result>(
  parts: CommitParts,
  unitOfWork: UnitOfWork<Result>,
): Promise<CommittedUnit<Result>> {
  const { store, clock, contracts, sink } = parts;
  const traceparent = activeTraceparent() ?? unitOfWork.traceparent;
  try {
    const committed = await store.transaction(unitOfWork.name, async (tx): Promise<CommittedUnit<Result>> => {
      const nowMs = clock.nowMs();
      let front = unitOfWork.front;
      const { result, statements, events } = await unitOfWork.work({
        nowMs,
        run: async (reads) => {
          if (front.length === 0) return tx.run(reads);
          const sent = front;
          front = [];
          const rows = await tx.run([...sent, ...reads]);
          return rows.slice(sent.length);
        },
      });
      const planned = planRuns(contracts, events);
      if (planned.length === 0) {
        await tx.commit(front.length === 0 ? statements : [...front, ...statements]);
        return { result, planned, runs: NO_RUNS, events: 0 };
      }
      const append = appendStatement(planned, nowMs, traceparent);
      const rows = await tx.commit([...front, ...statements, append]);
      const runs = numberRuns(planned, rows.at(-1) ?? ([] satisfies Rows), traceparent);
      return { result, planned, runs, events: events.length };
    });
    const { runs, events } = committed;
    if (runs.length > 0) {
      sink.hand(runs);
      parts.counted(events);
    }
    return committed;
  } catch (error) {
    // The outcome is unknown, so its events may be in the outbox although nobody hands them over.
    if (error instanceof StoreError && error.code === "commit_unknown") sink.lookAgain();
    throw error;
  }
}

export function createDeliveryDoor(parts: CommitParts): Delivery {
  return {
    retention: parts.retention,
    commit: async <Result>(name: string, work: (unit: Unit) => Promise<Effects<Result>>) => {
      const unit = { name, front: [], traceparent: undefined, work };
      const { result, planned, runs, events } = await commitUnit(parts, unit);
      return { result, numbered: numberedEvents(planned, runs, events) };
    },
  };
}
