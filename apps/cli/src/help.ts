import { type Command, InvalidArgumentError, Option } from "commander";

/** Adds examples under a command's help. */
export function withExamples(
  command: Command,
  examples: readonly (readonly [line: string, meaning: string])[],
): Command {
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, meaning]) => `  $ bourse ${line.padEnd(width)}  ${meaning}`);
  return command.addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
}

/** Of what listens. An empty address would be all of the machine's: that is to be said. */
export function hostOption(): Option {
  return new Option("--host <address>", "where to listen")
    .env("BOURSE_HOST")
    .default("127.0.0.1")
    .argParser((text) => {
      if (text !== "") return text;
      throw new InvalidArgumentError("Allowed is an address of this machine, or 0.0.0.0 for all of them.");
    });
}

/** For commander: a whole number within bounds, both included. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^(0|-?[1-9][0-9]*)$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Allowed is a whole number from ${min} to ${max}.`);
  };
}
