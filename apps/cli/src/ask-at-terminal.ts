import { createInterface } from "node:readline/promises";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";

export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
}

/**
 * Asks questions of yes and no; Ctrl-C and Ctrl-D are no. Throws at once where there is nobody to ask: before anything
 * is done, not in the middle.
 */
export function askAtTerminal(
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): (question: string) => Promise<boolean> {
  if (input.isTTY !== true)
    throw new CliError(EXIT.usage, "there is nobody to ask, and nothing was done; --yes asks no question");
  return async (question) => {
    const lines = createInterface({ input, output });
    try {
      return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
    } catch (error) {
      if (!(error instanceof Error && error.name === "AbortError")) throw error;
      output.write("\n");
      return false;
    } finally {
      lines.close();
    }
  };
}
