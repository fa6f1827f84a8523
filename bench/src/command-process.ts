import { createRequire } from "node:module";

/** Flags and environment of Node that the `bourse` command gives to a command. */
export const { commandProcess } = createRequire(import.meta.url)("../../toolchain/command-process.cjs") as {
  commandProcess: (args: readonly string[]) => {
    readonly flags: readonly string[];
    readonly env: Readonly<Record<string, string>>;
  };
};
