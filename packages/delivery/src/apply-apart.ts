import type { BusRecord } from "@bourse/bus";
import type { Backoff } from "./backoff.ts";
import type { JudgeOptions } from "./effect-batch.ts";
import { blameOf, type FailureRules, RecordRefused } from "./failure-policy.ts";

/** How a consumer tries some records of a batch. */
export interface Tries {
  readonly rules: FailureRules;
  /**
   * One transaction, tried again while a dependency does not answer. null: applied, parked, dropped, or the consumer
   * closes. `poison` is parked instead of applied. Rejects where the log itself can't be followed.
   */
  readonly attempt: (
    records: readonly BusRecord[],
    poison?: JudgeOptions["poison"],
  ) => Promise<{ readonly error: unknown } | null>;
  readonly nowMs: () => number;
  readonly backoff: () => Backoff;
  /** A record that is alone has failed. */
  readonly failedAlone: () => void;
  readonly isClosing: () => boolean;
}

/** How records came to be tried apart. */
interface Trouble {
  /** null: never failed yet. */
  readonly sinceMs: number | null;
  readonly tries: number;
}

const RETRIES_EXHAUSTED = "retries_exhausted";

/**
 * Until the records are applied, parked or dropped: halves those that fail together until the one that fails is alone
 * (R12). Each half is a transaction of its own, in order, with its own marks, so an end in between loses nothing. Rejects with what must stop the subscription.
 */
export async function applyApart(
  tries: Tries,
  records: readonly BusRecord[],
  before: Trouble = { sinceMs: null, tries: 0 },
): Promise<void> {
  const failed = await tries.attempt(records);
  if (failed === null) return;
  if (tries.rules.policy === "stop" || blameOf(failed.error) === "stop") throw failed.error;
  const trouble = { sinceMs: before.sinceMs ?? tries.nowMs(), tries: before.tries + 1 };
  const [only] = records;
  if (records.length === 1 && only !== undefined) return await alone(tries, only, failed.error, trouble);
  const middle = records.length >> 1;
  await applyApart(tries, records.slice(0, middle), trouble);
  // What lies before may not be applied then, and marks must not say that it was (R5).
  if (tries.isClosing()) return;
  await applyApart(tries, records.slice(middle), trouble);
}

/** A record that fails while its dependencies answer: so often, then it is poison; refused by a rule, at once. */
async function alone(tries: Tries, record: BusRecord, first: unknown, trouble: Trouble): Promise<void> {
  const backoff = tries.backoff();
  let error = first;
  let attempts = trouble.tries;
  for (let nth = 1; !tries.isClosing(); nth++) {
    tries.failedAlone();
    const blame = blameOf(error);
    if (blame === "stop") throw error;
    if (blame === "refused" || nth >= tries.rules.attempts) {
      const code = error instanceof RecordRefused ? error.code : RETRIES_EXHAUSTED;
      const failure = { code, error, attempts, firstFailedMs: trouble.sinceMs };
      const failed = await tries.attempt([record], { record, failure });
      if (failed !== null) throw failed.error;
      return;
    }
    await backoff.wait();
    const failed = await tries.attempt([record]);
    if (failed === null) return;
    error = failed.error;
    attempts++;
  }
}
