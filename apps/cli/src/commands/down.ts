import { Command } from "commander";
import { dataFolderOf } from "../data-folder.ts";
import { withExamples } from "../help.ts";
import { Output } from "../output.ts";
import { type TargetOptions, withData } from "../target.ts";

export function downCommand(): Command {
  const command = withData(new Command("down"))
    .description("Stop what was started from the data folder, and nothing else")
    .action(down);
  return withExamples(command, [["down", "stop the platform of this project"]]);
}

async function down(options: TargetOptions): Promise<void> {
  const output = new Output({ json: options.json ?? false });
  const dataFolder = dataFolderOf(options.data);
  const { stopPlatform } = await import("@bourse/platform/stop-platform");
  const stopped = await stopPlatform(dataFolder);
  if (stopped.length === 0) output.line(`Nothing runs from ${dataFolder}.`);
  else output.line(`Stopped ${stopped.map(({ name }) => name).join(", ")}.`);
  output.result({ dataFolder, stopped: stopped.map(({ name, pid }) => ({ name, pid })) });
}
