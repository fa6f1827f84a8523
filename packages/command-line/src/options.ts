const BAD_USAGE = 2;

export interface WholeNumberBounds {
  /** 1 where it is not given. */
  readonly least?: number;
  /** The largest integer that a number holds, where it is not given. */
  readonly most?: number;
}

/**
 * What `read` makes of what was typed. `--help` prints the usage and ends the process; what `read` throws is printed
 * before the usage, and the process ends with 2.
 */
export function optionsOrExit<Options>(read: (args: readonly string[]) => Options, usage: string): Options {
  const args = process.argv.slice(2);
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(`${usage}\n`);
    process.exit(0);
  }
  try {
    return read(args);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}\n`);
    process.exit(BAD_USAGE);
  }
}

/** What an option says. Throws with a sentence for the person who typed it: the option, what was given, what is allowed. */
export function wholeNumber(option: string, given: string, bounds: WholeNumberBounds = {}): number {
  const { least = 1, most = Number.MAX_SAFE_INTEGER } = bounds;
  const value = Number(given);
  if (given.trim() !== "" && Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const allowed = bounds.most === undefined ? `from ${least} on` : `from ${least} to ${most}`;
  throw new Error(`${option} is "${given}"; allowed are whole numbers ${allowed}`);
}
