import { createRequire } from "node:module";

/** Flags and environment of Node that the `bourse` command gives to a command. */
export const { streamProcess } = createRequire(import.meta.url)("../../../toolchain/stream-process.cjs") as {
  streamProcess: (args: readonly string[]) => {
    readonly flags: readonly string[];
    readonly env: Readonly<Record<string, string>>;
  };
};
