import { existsSync } from "node:fs";
import { join } from "node:path";
import { lockDataFolder } from "@bourse/platform/folder-lock";
import { readRunFile } from "@bourse/platform/run-file";
import { Command } from "commander";
import { askAtTerminal } from "../ask-at-terminal.ts";
import { CliError } from "../cli-error.ts";
import { dataFolderOf, removeData } from "../data-folder.ts";
import { EXIT } from "../exit-codes.ts";
import { withExamples } from "../help.ts";
import { Output } from "../output.ts";
import { type TargetOptions, withData } from "../target.ts";

interface ResetOptions extends TargetOptions {
  readonly yes?: boolean;
}

export function resetCommand(): Command {
  const command = withData(new Command("reset"))
    .description("Remove the data folder: accounts, orders, money, keys, logs. It asks first")
    .option("--yes", "don't ask")
    .action(reset);
  return withExamples(command, [
    ["reset", "begin again, after a question"],
    ["reset --yes --data /tmp/venue", "without one"],
  ]);
}

async function reset(options: ResetOptions): Promise<void> {
  const output = new Output({ json: options.json ?? false });
  const dataFolder = dataFolderOf(options.data);
  if (readRunFile(dataFolder) !== null)
    throw new CliError(
      EXIT.alreadyRunning,
      `a platform runs from ${dataFolder}; \`bourse down\` stops it first`,
    );
  if (!existsSync(dataFolder)) {
    output.line(`There is nothing at ${dataFolder}.`);
    output.result({ dataFolder, removed: false });
    return;
  }
  // A folder named by mistake is not removed with all that is in it.
  if (!existsSync(join(dataFolder, "data.json")))
    throw new CliError(
      EXIT.usage,
      `${dataFolder} is no data folder: it has no data.json. Nothing was removed.`,
    );
  const question = `Remove ${dataFolder} with all accounts, orders and keys in it?`;
  if (options.yes !== true && !(await askAtTerminal()(question))) {
    output.line("Nothing was removed.");
    output.result({ dataFolder, removed: false });
    process.exitCode = EXIT.failed;
    return;
  }
  // Also where one starts at this moment, or has since the question was asked.
  const release = lockDataFolder(dataFolder);
  await removeData(dataFolder).finally(release);
  output.line(`Removed ${dataFolder}.`);
  output.result({ dataFolder, removed: true });
}
