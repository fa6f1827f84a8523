import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ShellBlock } from "./shell-blocks.ts";

export interface BlockOutcome {
  readonly block: ShellBlock;
  readonly code: number | null;
  readonly output: string;
}

/** Runs blocks one after the other as a person would in a terminal, and ends with the first that does not end as it says. */
export interface BlockRunner {
  run(blocks: readonly ShellBlock[]): Promise<BlockOutcome | null>;
}

const MAIN = join(import.meta.dirname, "../main.ts");

/**
 * In `folder`, with an `npx` that knows `bourse` alone and starts this tree's. `urlOf` says where the service is that a
 * document knows by its usual port.
 */
export function blockRunner(options: {
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly urlOf: (port: number) => string;
}): BlockRunner {
  const programs = join(options.folder, "programs");
  mkdirSync(programs, { recursive: true });
  const npx = join(programs, "npx");
  writeFileSync(
    npx,
    `#!/bin/sh\n[ "$1" = bourse ] || exit 127\nshift\nexec "${process.execPath}" "${MAIN}" "$@"\n`,
  );
  chmodSync(npx, 0o755);
  const env = { ...options.env, PATH: `${programs}:${process.env.PATH ?? ""}` };
  const runOne = (block: ShellBlock): Promise<BlockOutcome> => {
    const text = block.text.replace(/http:\/\/localhost:(\d+)/g, (_, port: string) =>
      options.urlOf(Number(port)),
    );
    const shell = spawn("bash", ["-euo", "pipefail", "-c", text], {
      cwd: options.folder,
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [shell.stdout, shell.stderr])
      stream.setEncoding("utf8").on("data", (words: string) => {
        output += words;
      });
    return new Promise((resolve) => shell.once("exit", (code) => resolve({ block, code, output })));
  };
  return {
    run: async (blocks) => {
      for (const block of blocks) {
        const outcome = await runOne(block);
        if (outcome.code !== block.exits) return outcome;
      }
      return null;
    },
  };
}

export function describeOutcome({ block, code, output }: BlockOutcome): string {
  return `${block.path}:${block.line}: exit code ${code}, not ${block.exits}:\n${block.text}\n\n${output}`;
}
