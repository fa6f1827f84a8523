/** What every bench does as a command: options or its usage, lines that say how far it is, and an end by Ctrl-C. */

const FAILED = 1;
const BAD_USAGE = 2;
const INTERRUPTED = 130;
const MAX_SECONDS = 3_600;

/** What `read` makes of the arguments. `--help` and what it throws end the process with the usage. */
export function optionsOrExit<Options>(read: (args: readonly string[]) => Options, usage: string): Options {
  if (process.argv.includes("--help")) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  try {
    return read(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${usage}\n`);
    return process.exit(BAD_USAGE);
  }
}

/** What an option says. Throws with a sentence for the person who typed it. */
export function wholeNumber(name: string, given: string, max: number): number {
  const value = Number(given);
  if (!Number.isInteger(value) || value < 1 || value > max)
    throw new Error(`${name} is "${given}"; allowed are whole numbers from 1 to ${max}`);
  return value;
}

/** What `--seconds` says. */
export function secondsOption(given: string | undefined, byDefault: number): number {
  return given === undefined ? byDefault : wholeNumber("--seconds", given, MAX_SECONDS);
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

/** To stderr, with the seconds since the start. */
export function say(line: string): void {
  process.stderr.write(`${(performance.now() / 1_000).toFixed(1).padStart(6)} s  ${line}\n`);
}
