import { createRequire } from "node:module";

/** Flags of Node that the `bourse` command gives to a command. */
export const { streamFlags } = createRequire(import.meta.url)("../../../toolchain/stream-flags.cjs") as {
  streamFlags: (args: readonly string[]) => readonly string[];
};
