import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { EXIT } from "./exit-codes.ts";

// What strips types takes 25 MB and half of the start: from the second one on its results are there.
enableCompileCache(join(import.meta.dirname, "../../../node_modules/.cache/node-compile"));
const { runCli } = await import("./program.ts");

// `bourse tail ... | head` ends when the reader has had enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(EXIT.ok);
  throw error;
});

process.exitCode = await runCli(process.argv.slice(2));
