import { type Command, CommanderError } from "commander";
import { buildProgram } from "../program.ts";

const bourse = await buildProgram();

/** Scripts that `npm run` knows, and what npm does by itself. */
export interface NpmScripts {
  readonly scripts: Readonly<Record<string, string>>;
}

/**
 * What is wrong with the commands of Bourse and of npm in some lines of shell: a command, an option or an argument too
 * many that is not in the definition. Nothing is run.
 */
export function unknownCommands(text: string, { scripts }: NpmScripts): readonly string[] {
  return commandsIn(text).flatMap((words) => {
    const [program, ...args] = words;
    if (program === "npm") return npmFault(args, scripts);
    return faultOf(bourse, args.slice(1), words.join(" "));
  });
}

/** The commands' words; what stands in quotes or angle brackets is one word. */
function commandsIn(text: string): readonly string[][] {
  return text
    .replace(/\\\n/g, " ")
    .split("\n")
    .map((line) => line.replace(/(^|\s)#.*$/, ""))
    .flatMap((line) => line.split(/&&|\|\||[|;&]|\$\(/))
    .map((command) => command.replace(/\s\d?>+\s*\S+/g, "").match(/"[^"]*"|'[^']*'|<[^>]*>|\S+/g) ?? [])
    .filter(([program, second]) => program === "npm" || (program === "npx" && second === "bourse"));
}

function npmFault(
  [verb = "", script = ""]: readonly string[],
  scripts: NpmScripts["scripts"],
): readonly string[] {
  const name = verb === "run" ? script : verb;
  return name in scripts ? [] : [`npm knows no "${name}" here`];
}

function faultOf(program: Command, args: readonly string[], line: string): readonly string[] {
  const [name, ...rest] = args;
  const sub = program.commands.find(
    (command) => command.name() === name || command.aliases().includes(name ?? ""),
  );
  if (sub !== undefined) return faultOf(sub, rest, line);
  if (program.commands.length > 0 && name !== "--help")
    return [`${line}: there is no command "${name ?? ""}"`];
  try {
    const given = positionals(program, args);
    const most = program.registeredArguments.some(({ variadic }) => variadic)
      ? Number.POSITIVE_INFINITY
      : program.registeredArguments.length;
    const least = program.registeredArguments.filter(({ required }) => required).length;
    if (given.length > most) return [`${line}: "${given[most] ?? ""}" is too many`];
    return given.length < least && !args.includes("--help") ? [`${line}: an argument is missing`] : [];
  } catch (error) {
    return [`${line}: ${error instanceof CommanderError ? error.message : String(error)}`];
  }
}

/** Throws for an option that the command has not. */
function positionals(command: Command, args: readonly string[]): readonly string[] {
  const given: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? "";
    if (!word.startsWith("-") || word === "--help") {
      if (word !== "--help") given.push(word);
      continue;
    }
    const [flag, value] = word.split("=", 2);
    const option = command.options.find(({ long, short }) => long === flag || short === flag);
    if (option === undefined) throw new Error(`there is no option ${flag}`);
    if (value !== undefined || option.isBoolean()) continue;
    // The option's value is the next word.
    at++;
    if (args[at] === undefined && option.required) throw new Error(`${flag} wants a value`);
  }
  return given;
}
