import { createRequire } from "node:module";

/** Runs `npm <args>` in a folder as a launch does: `<folder> [<args>]`. */
const { runNpm } = createRequire(import.meta.url)("../../../toolchain/npm.cjs") as {
  runNpm(job: { node: string; folder: string; args: string[]; leftOut: () => string[] }): Promise<void>;
};
const [folder = "", ...args] = process.argv.slice(2);
await runNpm({ node: process.execPath, folder, args, leftOut: () => [] });
