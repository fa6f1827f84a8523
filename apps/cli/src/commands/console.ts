import type { RunningConsole } from "@bourse/console";
import { Command } from "commander";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import { hostOption, wholeNumber, withExamples } from "../help.ts";
import { Output } from "../output.ts";
import { findTarget, type TargetOptions } from "../target.ts";

interface ConsoleCommandOptions extends TargetOptions {
  readonly host: string;
  readonly port: number;
}

const PORT = 8090;

export function consoleCommand(): Command {
  const command = new Command("console")
    .description("Serve the operator's console by itself; `bourse up` already serves it on port 8090")
    .option("--data <folder>", "the data folder (BOURSE_DATA; default: .bourse in the project)")
    .option("--url <url>", "the gateway (BOURSE_URL; default: the platform that runs from the data folder)")
    .addOption(hostOption())
    .option("--port <number>", "on which port; 0: any free one", wholeNumber(0, 65_535), PORT)
    .option("--json", "one JSON object as the last line of stdout")
    .action(serve);
  return withExamples(command, [
    ["console --port 8190", "the console of the platform that runs here"],
    ["console --url http://gateway:8080 --host 0.0.0.0", "beside a platform that runs elsewhere"],
  ]);
}

async function serve(options: ConsoleCommandOptions): Promise<void> {
  const output = new Output({ json: options.json ?? false });
  const { url: gatewayUrl } = findTarget(options);
  const { ConsoleError, startConsole } = await import("@bourse/console");
  const stop = new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
  let running: RunningConsole;
  try {
    const { host, port } = options;
    running = await startConsole({ gatewayUrl, host, port, progress: (line) => output.note(line) });
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error;
    throw new CliError(error.code === "port_taken" ? EXIT.portTaken : EXIT.failed, error.message);
  }
  output.line(`The console of ${gatewayUrl} is at ${running.url}/. Ctrl-C stops it.`);
  output.result({ url: running.url, gatewayUrl });
  // The server itself does not keep the process: a platform's process ends when the platform does.
  const alive = setInterval(() => undefined, 2 ** 30);
  await stop;
  clearInterval(alive);
  await running.close();
}
