import { assert } from "@bourse/base";
import { StoreError } from "@bourse/store";
import type { Registry } from "prom-client";
import type { Delivery, Effects, Unit } from "../definitions.ts";
import type { NumberedEvent } from "../envelope.ts";
import {
  answerOf,
  type Claim,
  claimOf,
  claimStatement,
  cleanStatement,
  type KeptAnswer,
  keepStatement,
  keptAnswer,
} from "./idempotency-rows.ts";
import type { Answer, IdempotencyBounds, IdempotentCommand } from "./idempotent-command.ts";
import { createIdempotencyMetrics, type IdempotencyMetrics } from "./metrics.ts";

/**
 * Makes a command happen once for its key (R10), where it has no number and no natural key of its own: effects and
 * answer are committed in one transaction, and whoever asks again within a day gets that answer.
 */
export interface Idempotency {
  /**
   * Runs `work` in one transaction with the key's claim in front and its answer behind. An unknown COMMIT is read back
   * under the key's lock (R5); where that does not answer either, rejects with `commit_unknown`: only the same key can
   * still tell. Other errors are those of `Delivery.commit`, and then nothing was done.
   */
  once(
    command: IdempotentCommand,
    name: string,
    work: (unit: Unit) => Promise<Effects<Answer>>,
  ): Promise<OnceOutcome>;
  /** Removes what has expired, a bounded batch a transaction, until none is left. Resolves with the number of rows. */
  cleanUp(): Promise<number>;
}

export type OnceOutcome =
  | { readonly kind: "committed"; readonly answer: Answer; readonly numbered: readonly NumberedEvent[] }
  /** It was done before, and is answered as it was then. */
  | { readonly kind: "replayed"; readonly answer: Answer }
  /** The key belongs to a command with another body. */
  | { readonly kind: "key_reused" }
  /** The same key is being worked on. */
  | { readonly kind: "in_progress" }
  /** No key more is taken before old ones expire: of anyone, or of this principal. Nothing was done. */
  | { readonly kind: "table_full" | "principal_full" };

/** At least: an answer goes once it was kept for so long (decision 0056), and its key is known until then. */
export const KEEP_ANSWERS_MS: number = 24 * 60 * 60 * 1_000;
const BOUNDS: IdempotencyBounds = {
  keepMs: KEEP_ANSWERS_MS,
  maxRows: 1_000_000,
  maxRowsOfPrincipal: 10_000,
  cleanBatch: 1_000,
};
/** Of one call: each after a COMMIT whose outcome was unknown and that had not happened. */
const MAX_TRIES = 3;

export function createIdempotency(options: {
  readonly delivery: Delivery;
  readonly metrics: Registry;
  readonly bounds?: Partial<IdempotencyBounds>;
}): Idempotency {
  const bounds = { ...BOUNDS, ...options.bounds };
  const parts = {
    delivery: options.delivery,
    bounds,
    metrics: createIdempotencyMetrics(options.metrics, bounds.maxRows),
  };
  return {
    once: async (command, name, work) => {
      const outcome = await runOnce(parts, command, name, work);
      parts.metrics.requests.inc({ outcome: outcome.kind });
      return outcome;
    },
    cleanUp: () => cleanUp(parts),
  };
}

interface Parts {
  readonly delivery: Delivery;
  readonly bounds: IdempotencyBounds;
  readonly metrics: IdempotencyMetrics;
}

/** What a try came to inside its transaction, before the COMMIT said anything. */
type Tried =
  | { readonly claim: Exclude<Claim, { readonly outcome: "new" }> }
  | { readonly claim: null; readonly answer: Answer };

async function runOnce(
  { delivery, bounds, metrics }: Parts,
  command: IdempotentCommand,
  name: string,
  work: (unit: Unit) => Promise<Effects<Answer>>,
): Promise<OnceOutcome> {
  let unknown: StoreError | null = null;
  // The answer of the last try that may have been committed.
  let mine: KeptAnswer | null = null;
  for (let attempt = 1; ; attempt++) {
    try {
      const { result, numbered } = await delivery.commit(name, async (unit): Promise<Effects<Tried>> => {
        const nowMs = agedMs(delivery, bounds);
        const [rows = []] = await unit.run([claimStatement(command, nowMs, bounds)]);
        const claim = claimOf(rows);
        metrics.rows.set(claim.rowCount);
        if (claim.outcome !== "new") return { statements: [], events: [], result: { claim } };
        // The key is ours and has no answer: what was unknown has not happened.
        unknown = null;
        mine = null;
        const effects = await work(unit);
        const answer = effects.result;
        if (!isFinal(answer)) {
          assert(
            effects.statements.length + effects.events.length === 0,
            "what may be tried again has no effects",
          );
          return { statements: [], events: [], result: { claim: null, answer } };
        }
        mine = keptAnswer(answer);
        const keep = keepStatement(command, mine, {
          nowMs,
          expiresMs: Math.max(unit.nowMs, nowMs) + bounds.keepMs,
        });
        return {
          statements: [...effects.statements, keep],
          events: effects.events,
          result: { claim: null, answer },
        };
      });
      if (result.claim === null) return { kind: "committed", answer: result.answer, numbered };
      if (result.claim.outcome === "in_progress" && unknown !== null) throw unknown;
      return outcomeOf(command, result.claim, mine);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.code === "commit_unknown") unknown = error;
      // Nothing was done by this try; what an earlier one did is still not known.
      else throw unknown ?? error;
      if (attempt === MAX_TRIES) throw unknown;
      metrics.readBacks.inc();
    }
  }
}

function outcomeOf(
  command: IdempotentCommand,
  claim: Exclude<Claim, { readonly outcome: "new" }>,
  mine: KeptAnswer | null,
): OnceOutcome {
  if (claim.outcome !== "known") return { kind: claim.outcome };
  if (claim.bodyHash !== command.bodyHash) return { kind: "key_reused" };
  const answer = answerOf(claim.kept);
  // Read back after an unknown COMMIT that had happened.
  if (mine !== null && sameKept(mine, claim.kept)) return { kind: "committed", answer, numbered: [] };
  return { kind: "replayed", answer };
}

function sameKept(a: KeptAnswer, b: KeptAnswer): boolean {
  return a.status === b.status && a.headers === b.headers && a.body === b.body;
}

/** What may come out otherwise next time is not kept: the same key may ask again. */
function isFinal({ status }: Answer): boolean {
  return status < 500 && status !== 429;
}

/** What counts as now where answers expire: by as much as was lived through since they were given. */
function agedMs({ retention }: Delivery, { keepMs }: IdempotencyBounds): number {
  return retention.cutoffMs(keepMs) + keepMs;
}

async function cleanUp({ delivery, bounds, metrics }: Parts): Promise<number> {
  for (let removed = 0; ; ) {
    const { result } = await delivery.commit("idempotency.clean", async (unit) => {
      const clean = cleanStatement(agedMs(delivery, bounds), bounds.cleanBatch);
      const [rows = []] = await unit.run([clean]);
      return { statements: [], events: [], result: rows[0] ?? {} };
    });
    const batch = Number(result.removed);
    removed += batch;
    metrics.expired.inc(batch);
    metrics.rows.set(Number(result.row_count));
    if (batch < bounds.cleanBatch) return removed;
  }
}
