import { EXIT } from "./exit-codes.ts";
import { runCli } from "./program.ts";

// `bourse tail ... | head` ends when the reader has had enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(EXIT.ok);
  throw error;
});

// What is being done is for whoever looks; the work and its exit code are the same without them.
process.stderr.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

// An empty variable is how shells and compose files say "not set": nothing below is to take it for a value.
for (const [name, value] of Object.entries(process.env)) if (value === "") delete process.env[name];

process.exitCode = await runCli(process.argv.slice(2));
