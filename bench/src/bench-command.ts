/** What every bench does as a command: options or its usage, and lines that say how far it is. */

const BAD_USAGE = 2;

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

/** To stderr, with the seconds since the start. */
export function say(line: string): void {
  process.stderr.write(`${(performance.now() / 1_000).toFixed(1).padStart(6)} s  ${line}\n`);
}
