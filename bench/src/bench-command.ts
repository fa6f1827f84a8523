import { say, wholeNumber } from "@bourse/command-line";

/** What every bench of the platform does as a command: how long it measures, and an end by Ctrl-C. */

const FAILED = 1;
const INTERRUPTED = 130;
const MAX_SECONDS = 3_600;

/** What `--seconds` says. */
export function secondsOption(given: string | undefined, byDefault: number): number {
  return given === undefined ? byDefault : wholeNumber("--seconds", given, { most: MAX_SECONDS });
}

/**
 * Runs a bench, says what it throws, and sets the exit code. Ctrl-C aborts `signal`, so that it takes down what it has
 * started; a second one ends this process at once.
 */
export async function runBench(bench: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const stopped = (): void => stop.abort(new Error("stopped"));
  process.once("SIGINT", stopped);
  process.once("SIGTERM", stopped);
  try {
    await bench(stop.signal);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = stop.signal.aborted ? INTERRUPTED : FAILED;
  }
}

/** What the work comes to, or, as soon as the signal is aborted, its reason thrown. */
export async function unlessAborted<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([aborted, work]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
