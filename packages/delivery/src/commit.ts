import type { Clock } from "@bourse/base";
import type { Rows, Statement, Store } from "@bourse/store";
import { StoreError } from "@bourse/store";
import type { Contracts } from "./contract-check.ts";
import type { Committed, Delivery, Effects, Unit } from "./definitions.ts";
import { appendStatement, numberedEvents, numberRuns, planRuns, type Run } from "./outbox.ts";
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
}

export interface UnitOfWork<Result> {
  readonly name: string;
  /** Travels in front of the unit's first round trip: the marks' compare-and-set of a consumer (R5). */
  readonly front: readonly Statement[];
  /** Where there is no active span: the trace of the records that the unit is about. */
  readonly traceparent: string | undefined;
  readonly work: (unit: Unit) => Promise<Effects<Result>>;
}

/** The one transaction there is: front, the unit's reads, effects, and the outbox last, sent with COMMIT (R3, R5). */
export async function commitUnit<Result>(
  parts: CommitParts,
  unitOfWork: UnitOfWork<Result>,
): Promise<Committed<Result>> {
  const { store, clock, contracts, sink } = parts;
  const traceparent = activeTraceparent() ?? unitOfWork.traceparent;
  try {
    const { runs, committed } = await store.transaction(unitOfWork.name, async (tx) => {
      const nowMs = clock.nowMs();
      let front = unitOfWork.front;
      const effects = await unitOfWork.work({
        nowMs,
        run: async (statements) => {
          if (front.length === 0) return tx.run(statements);
          const sent = front;
          front = [];
          const rows = await tx.run([...sent, ...statements]);
          return rows.slice(sent.length);
        },
      });
      const planned = planRuns(contracts, effects.events);
      if (planned.length === 0) {
        await tx.commit([...front, ...effects.statements]);
        return { runs: [], committed: { result: effects.result, numbered: [] } };
      }
      const rows = await tx.commit([
        ...front,
        ...effects.statements,
        appendStatement(planned, nowMs, traceparent),
      ]);
      const numberedRuns = numberRuns(planned, rows.at(-1) ?? ([] satisfies Rows), traceparent);
      const numbered = numberedEvents(planned, numberedRuns, effects.events.length);
      return { runs: numberedRuns, committed: { result: effects.result, numbered } };
    });
    if (runs.length > 0) {
      sink.hand(runs);
      parts.counted(committed.numbered.length);
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
    commit: (name, work) => commitUnit(parts, { name, front: [], traceparent: undefined, work }),
  };
}
