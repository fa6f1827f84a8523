import { createRequire } from "node:module";

/** Flags of Node and the environment that the `bourse` command gives to a command. */
export const { streamSettings } = createRequire(import.meta.url)(
  "../../../toolchain/stream-settings.cjs",
) as {
  streamSettings: (args: readonly string[]) => {
    readonly flags: readonly string[];
    readonly env: Readonly<Record<string, string>>;
  };
};
