import { type Chain, type Job, replacedBy } from "./job.ts";

/** A round's place in the line. `end` is called once, whatever became of it. */
export interface Turn {
  /** Nothing that the round looks at is still being changed by one before it. */
  readonly mayLook: Promise<void>;
  /** The rounds before it are over: what is written keeps the order in which it came. */
  readonly mayWrite: Promise<void>;
  end(): void;
}

/**
 * Rounds that overlap: the next one may look, plan and ask risk and wallet while the one before it is still being
 * written, unless they have an order, a request or a chain in common; it is written after it.
 */
export class RoundLine {
  #rounds: readonly Round[] = [];

  enter(jobs: readonly Job[]): Turn {
    const before = this.#rounds;
    const inTheWay = before.filter((round) => {
      round.touched ??= touchedBy(round.jobs);
      return touchesAny(jobs, round.touched);
    });
    let end: () => void = () => undefined;
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    const round: Round = { jobs, touched: null, over };
    this.#rounds = [...before, round];
    return {
      mayLook: allOver(inTheWay),
      mayWrite: allOver(before),
      end: () => {
        this.#rounds = this.#rounds.filter((each) => each !== round);
        end();
      },
    };
  }
}

interface Round {
  readonly jobs: readonly Job[];
  /** Told apart once a round comes behind it, and mostly none does. */
  touched: ReadonlySet<string | Chain> | null;
  readonly over: Promise<void>;
}

function touchesAny(jobs: readonly Job[], touched: ReadonlySet<string | Chain>): boolean {
  return jobs.some(
    (job) =>
      touched.has(job.orderId) ||
      touched.has(replacedBy(job) ?? "") ||
      (job.kind !== "place" && touched.has(job.requestId)) ||
      (job.chain !== undefined && touched.has(job.chain)),
  );
}

function touchedBy(jobs: readonly Job[]): ReadonlySet<string | Chain> {
  const touched = new Set<string | Chain>();
  for (const job of jobs) {
    touched.add(job.orderId);
    if (job.kind !== "place") touched.add(job.requestId);
    if (job.chain !== undefined) touched.add(job.chain);
  }
  return touched;
}

async function allOver(rounds: readonly Round[]): Promise<void> {
  for (const { over } of rounds) await over;
}
