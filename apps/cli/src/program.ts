import { Command, CommanderError } from "commander";
import { endOf } from "./cli-error.ts";
import { RefusedError } from "./client-errors.ts";
import { accountsCommand } from "./commands/accounts.ts";
import { aclsCommand } from "./commands/acls.ts";
import { bookCommand } from "./commands/book.ts";
import { consoleCommand } from "./commands/console.ts";
import { countCommand } from "./commands/count.ts";
import { dlqCommand } from "./commands/dlq.ts";
import { downCommand } from "./commands/down.ts";
import { engineCommand } from "./commands/engine.ts";
import { lagCommand } from "./commands/lag.ts";
import { marketCommand } from "./commands/market.ts";

import { orderCommand } from "./commands/order.ts";
import { processCommand } from "./commands/process.ts";
import { produceCommand } from "./commands/produce.ts";
import { rebuildCommand } from "./commands/rebuild.ts";
import { recoverCommand } from "./commands/recover.ts";
import { replayCommand } from "./commands/replay.ts";
import { resetCommand } from "./commands/reset.ts";
import { schemasCommand } from "./commands/schemas.ts";
import { seekCommand } from "./commands/seek.ts";
import { statusCommand } from "./commands/status.ts";
import { tailCommand } from "./commands/tail.ts";
import { topicsCommand } from "./commands/topics.ts";
import { upCommand } from "./commands/up.ts";
import { verifyCommand } from "./commands/verify.ts";
import { voidCommand } from "./commands/void.ts";
import { EXIT, EXIT_MEANINGS } from "./exit-codes.ts";

const COMMANDS = [
  upCommand,
  downCommand,
  statusCommand,
  accountsCommand,
  orderCommand,
  marketCommand,
  bookCommand,
  replayCommand,
  engineCommand,
  verifyCommand,
  consoleCommand,
  produceCommand,
  topicsCommand,
  schemasCommand,
  tailCommand,
  countCommand,
  seekCommand,
  lagCommand,
  dlqCommand,
  aclsCommand,
  recoverCommand,
  processCommand,
  rebuildCommand,
  voidCommand,
  resetCommand,
];

/** Runs the command line and answers with the exit code. Never rejects. */
export async function runCli(args: readonly string[]): Promise<number> {
  const before = process.exitCode;
  try {
    await buildProgram().parseAsync([...args], { from: "user" });
    return Number(process.exitCode ?? before ?? EXIT.ok);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return tellEnd(error, args.includes("--json"));
  }
}

export function buildProgram(): Command {
  const program = new Command("bourse")
    .description(
      "An exchange, broker and back office on your machine: start it, trade on it, replay markets through it.",
    )
    .showHelpAfterError("(--help shows what there is)")
    .addHelpText("after", help());
  for (const command of COMMANDS) program.addCommand(command());
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
  process.stderr.write(`${message}\n`);
  const exitCode = end?.exitCode ?? EXIT.failed;
  if (json) {
    const problem = error instanceof RefusedError ? { problem: error.problem } : {};
    process.stdout.write(`${JSON.stringify({ error: { exitCode, message, ...problem } })}\n`);
  }
  return exitCode;
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
