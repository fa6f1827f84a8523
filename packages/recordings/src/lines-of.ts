import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** Lines as they come; an error of the input ends them with it. */
export async function* linesOf(input: Readable): AsyncGenerator<string> {
  let fault: unknown;
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  input.on("error", (error) => {
    fault = error;
    lines.close();
  });
  yield* lines;
  if (fault !== undefined) throw fault;
}
