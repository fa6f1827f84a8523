import { createRequire } from "node:module";
import { join } from "node:path";

export const PROJECT_ROOT: string = join(import.meta.dirname, "../..");

type CommandProcess = (args: readonly string[]) => {
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
};

/** Flags and environment of Node that the `bourse` command gives to a command, in the checkout at `root`. */
export function commandProcessOf(root: string): CommandProcess {
  const require = createRequire(import.meta.url);
  return (require(join(root, "toolchain/command-process.cjs")) as { commandProcess: CommandProcess })
    .commandProcess;
}

/** Of this checkout. */
export const commandProcess: CommandProcess = commandProcessOf(PROJECT_ROOT);

/** The file that runs the `bourse` command of a checkout. */
export function entryOf(root: string): string {
  return join(root, "apps/cli/src/main.ts");
}
