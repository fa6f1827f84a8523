import { Command, CommanderError } from "commander";
import { endOf } from "./cli-error.ts";
import { RefusedError } from "./client-errors.ts";
import { EXIT, EXIT_MEANINGS } from "./exit-codes.ts";
import { printable } from "./printable.ts";

/** By their names, in the order of the help. What a command needs is loaded where it is meant. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  up: async () => (await import("./commands/up.ts")).upCommand(),
  down: async () => (await import("./commands/down.ts")).downCommand(),
  status: async () => (await import("./commands/status.ts")).statusCommand(),
  accounts: async () => (await import("./commands/accounts.ts")).accountsCommand(),
  keys: async () => (await import("./commands/keys.ts")).keysCommand(),
  order: async () => (await import("./commands/order.ts")).orderCommand(),
  assets: async () => (await import("./commands/assets.ts")).assetsCommand(),
  instruments: async () => (await import("./commands/instruments.ts")).instrumentsCommand(),
  market: async () => (await import("./commands/market.ts")).marketCommand(),
  book: async () => (await import("./commands/book.ts")).bookCommand(),
  replay: async () => (await import("./commands/replay.ts")).replayCommand(),
  engine: async () => (await import("./commands/engine.ts")).engineCommand(),
  verify: async () => (await import("./commands/verify.ts")).verifyCommand(),
  console: async () => (await import("./commands/console.ts")).consoleCommand(),
  produce: async () => (await import("./commands/produce.ts")).produceCommand(),
  topics: async () => (await import("./commands/topics.ts")).topicsCommand(),
  schemas: async () => (await import("./commands/schemas.ts")).schemasCommand(),
  tail: async () => (await import("./commands/tail.ts")).tailCommand(),
  count: async () => (await import("./commands/count.ts")).countCommand(),
  seek: async () => (await import("./commands/seek.ts")).seekCommand(),
  lag: async () => (await import("./commands/lag.ts")).lagCommand(),
  dlq: async () => (await import("./commands/dlq.ts")).dlqCommand(),
  acls: async () => (await import("./commands/acls.ts")).aclsCommand(),
  recover: async () => (await import("./commands/recover.ts")).recoverCommand(),
  process: async () => (await import("./commands/process.ts")).processCommand(),
  rebuild: async () => (await import("./commands/rebuild.ts")).rebuildCommand(),
  void: async () => (await import("./commands/void.ts")).voidCommand(),
  reset: async () => (await import("./commands/reset.ts")).resetCommand(),
};

/** Runs the command line and answers with the exit code. Never rejects. */
export async function runCli(args: readonly string[]): Promise<number> {
  const before = process.exitCode;
  try {
    const program = await buildProgram(args[0]);
    await program.parseAsync([...args], { from: "user" });
    return Number(process.exitCode ?? before ?? EXIT.ok);
  } catch (error) {
    const json = args.includes("--json");
    if (error instanceof CommanderError) return usageEnd(error, json);
    return tellEnd(error, json);
  }
}

/** Help, or a line that was not understood: commander has told people so. */
function usageEnd({ exitCode, message }: CommanderError, json: boolean): number {
  if (exitCode === 0) return EXIT.ok;
  if (json) tellProgram({ exitCode: EXIT.usage, message: message.replace(/^error: /, "") });
  return EXIT.usage;
}

/** All of it; where `only` is a command's name, with that command alone. */
export async function buildProgram(only = ""): Promise<Command> {
  const program = new Command("bourse")
    .description(
      "An exchange, broker and back office on your machine: start it, trade on it, replay markets through it.",
    )
    .showHelpAfterError("(--help shows what there is)")
    .addHelpText("after", help());
  const commands = Object.hasOwn(COMMANDS, only) ? [COMMANDS[only]] : Object.values(COMMANDS);
  for (const command of commands) if (command !== undefined) program.addCommand(await command());
  // After the sub-commands are there: they end by throwing too.
  for (const command of withSubCommands(program)) command.exitOverride();
  return program;
}

function withSubCommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap((each) => withSubCommands(each))];
}

function tellEnd(error: unknown, json: boolean): number {
  const end = endOf(error);
  const message = end?.message ?? (error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.stderr.write(`${printable(message)}\n`);
  const exitCode = end?.exitCode ?? EXIT.failed;
  if (json) {
    const problem = error instanceof RefusedError ? { problem: error.problem } : {};
    tellProgram({ exitCode, message, ...problem });
  }
  return exitCode;
}

function tellProgram(error: object): void {
  process.stdout.write(`${printable(JSON.stringify({ error }))}\n`);
}

function help(): string {
  const codes = Object.entries(EXIT_MEANINGS).map(([code, meaning]) => `  ${code.padStart(3)}  ${meaning}`);
  return `
Environment:
  BOURSE_DATA  the data folder (default: .bourse in the project)
  BOURSE_URL   the gateway (default: the platform that runs from the data folder, else http://127.0.0.1:8080)
  BOURSE_KEY   the key to act with (default: the operator's, from the data folder)

Exit codes:
${codes.join("\n")}

Begin with:
  $ bourse up
  $ bourse book BTC-USD`;
}
