import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { askAtTerminal } from "./ask-at-terminal.ts";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";

const keyboard = () => Object.assign(new PassThrough(), { isTTY: true });

for (const [keys, answer] of [
  ["y\r", true],
  ["yes\r", true],
  ["n\r", false],
  ["\r", false],
  ["\u0003", false],
  ["\u0004", false],
] as const)
  test(`${JSON.stringify(keys)} at a question is ${answer ? "yes" : "no"}`, async () => {
    const [input, output] = [keyboard(), keyboard()];
    output.resume();
    const answered = askAtTerminal({ input, output })("Drop the old tables?");
    input.write(keys);
    assert.equal(await answered, answer);
  });

test("without a terminal it is refused before anything is asked", () => {
  assert.throws(
    () => askAtTerminal({ input: new PassThrough(), output: new PassThrough() }),
    (error) =>
      error instanceof CliError && error.exitCode === EXIT.usage && /nothing was done/.test(error.message),
  );
});
