import { OperationalError } from "@bourse/base";
import type { ProcessorCounts, RunningProcessor } from "@bourse/platform/run-processor";
import { grouped, type Output } from "../output.ts";

const LOOK_MS = 1_000;
/** Nothing new for so many looks in a row, and nothing left: that is the end of the stream for now. */
const IDLE_LOOKS = 3;

export interface FollowOptions {
  readonly output: Output;
  readonly signal: AbortSignal;
  /** Ends at the stream's end, too. */
  readonly untilIdle: boolean;
  /** Until then, or until it is ended. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface FollowSummary {
  readonly trades: number;
  readonly deadLetters: number;
  readonly seconds: number;
  readonly stopped: string | null;
}

interface Look extends ProcessorCounts {
  readonly stopped: string | null;
}

/**
 * A line a second while something comes, until somebody ends it, or the stream's end where that is asked for. What is
 * done and what is left are not counted at one moment: a line follows where either has changed, so that the last one tells
 * how it stands.
 */
export async function followProcessor(
  processor: Pick<RunningProcessor, "counts" | "stopped">,
  { output, signal, untilIdle, pause }: FollowOptions,
): Promise<FollowSummary> {
  const started = performance.now();
  let known = { trades: 0, deadLetters: 0 };
  let told = 0;
  let toldLag = 0;
  let idleLooks = 0;
  let isAway = false;
  for (;;) {
    await pause(LOOK_MS, signal);
    const look = await lookAt(processor);
    const seconds = (performance.now() - started) / 1_000;
    if (look instanceof OperationalError) {
      if (!isAway) output.note(`waiting: ${look.message}`);
      if (signal.aborted) return { ...known, seconds, stopped: null };
      isAway = true;
      idleLooks = 0;
      continue;
    }
    isAway = false;
    const { trades, deadLetters, lag, stopped } = look;
    known = { trades, deadLetters };
    const done = trades + deadLetters;
    if (done !== told || (lag ?? toldLag) !== toldLag)
      output.note(
        `${grouped(trades)} trades, ${grouped(done - told)} in the last second, ${grouped(deadLetters)} dead letters, ${grouped(lag ?? 0)} behind`,
      );
    idleLooks = done === told && lag === 0 ? idleLooks + 1 : 0;
    told = done;
    toldLag = lag ?? toldLag;
    if (stopped !== null) output.note(`stopped: ${stopped}`);
    const isOver = signal.aborted || stopped !== null || (untilIdle && idleLooks >= IDLE_LOOKS);
    if (isOver) return { trades, deadLetters, seconds, stopped };
  }
}

/** What does not answer now is answered with: the processor waits for it, and so does who follows it (R12). */
async function lookAt(
  processor: Pick<RunningProcessor, "counts" | "stopped">,
): Promise<Look | OperationalError> {
  try {
    return { ...(await processor.counts()), stopped: await processor.stopped() };
  } catch (error) {
    if (error instanceof OperationalError && error.retryable) return error;
    throw error;
  }
}
