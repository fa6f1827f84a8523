import { readRunFile } from "@bourse/platform/run-file";
import { Command, Option } from "commander";
import { GatewayClient } from "../client.ts";
import { dataFolderOf, fromHere } from "../data-folder.ts";
import { EXIT } from "../exit-codes.ts";
import { wholeNumber, withExamples } from "../help.ts";
import { Output } from "../output.ts";
import { MAX_ACCOUNTS, MAX_BATCH, MIN_ACCOUNTS } from "../replay/bounds.ts";
import type { ReplayOptions } from "../replay/replay.ts";
import { isGood, printReport } from "../replay/report.ts";
import { findTarget, type TargetOptions, withTarget } from "../target.ts";

interface CommandOptions extends TargetOptions {
  readonly book?: string;
  readonly run?: string;
  readonly symbol?: string;
  readonly standalone?: boolean;
  readonly bus: "embedded" | "kafka";
  readonly batch: number;
  readonly accounts: number;
  readonly first?: number;
  readonly patience: number;
  readonly verify: boolean;
  readonly keep?: boolean;
}

export function replayCommand(): Command {
  const command = withTarget(new Command("replay"))
    .description(
      "Feed recorded order flow through the public API, order by order, and compare every fill with the venue's",
    )
    .argument("<file>", "an engine stream (.csv, .csv.gz), a LOBSTER message file or a LOBSTER .zip")
    .option("--book <file>", "the LOBSTER orderbook file (default: the one beside the message file)")
    .option(
      "--run <id>",
      "prefix of the run's ids; the same one again goes on with that run (default: a new one)",
    )
    .option("--symbol <symbol>", "trade it as this symbol (default: the file's ticker)")
    .option("--standalone", "on a private platform that is started for it and removed afterwards")
    .addOption(
      new Option("--bus <bus>", "bus of the private platform")
        .choices(["embedded", "kafka"])
        .default("embedded"),
    )
    .option(
      "--batch <items>",
      "orders, amendments and cancels in one request",
      wholeNumber(1, MAX_BATCH),
      1_000,
    )
    .option(
      "--accounts <count>",
      "how many buyers, and as many sellers",
      wholeNumber(MIN_ACCOUNTS, MAX_ACCOUNTS),
      50,
    )
    .option(
      "--first <commands>",
      "only the first commands of the file",
      wholeNumber(1, Number.MAX_SAFE_INTEGER),
    )
    .option(
      "--patience <seconds>",
      "how long to wait for something that is away",
      wholeNumber(0, 86_400),
      120,
    )
    .option("--no-verify", "don't check the platform's rules afterwards")
    .option("--keep", "keep the private platform's folder")
    .action(replay);
  return withExamples(command, [
    ["replay AMZN.csv.gz --standalone", "a day on a private platform"],
    ["replay AMZN.csv.gz --standalone --bus kafka", "the same on Kafka, each service its own process"],
    ["replay AMZN_message_5.csv --book AMZN_orderbook_5.csv", "a LOBSTER pair, into the platform that runs"],
  ]);
}

async function replay(file: string, options: CommandOptions): Promise<void> {
  const output = new Output({ json: options.json ?? false });
  if (options.standalone === true) await replayPrivately(file, options, output);
  else await replayInto(findTarget(options), replayOptions(file, options), output);
}

async function replayPrivately(file: string, options: CommandOptions, output: Output): Promise<void> {
  const { bus, keep = false } = options;
  const { startPrivatePlatform } = await import("../replay/private-platform.ts");
  const starting = startPrivatePlatform({ bus, keep, progress: (line) => output.note(line) });
  // Also while it starts: what was begun is ended, so that nothing is left behind.
  const interrupted = (): void => {
    output.note("taking the private platform down");
    const removed = starting.then((platform) => platform.remove());
    void removed.finally(() => process.exit(EXIT.interrupted)).catch(() => undefined);
  };
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  const platform = await starting;
  try {
    const { gatewayUrl, operatorKey } = platform;
    await replayInto({ url: gatewayUrl, key: operatorKey }, replayOptions(file, options), output);
  } finally {
    await platform.remove();
    process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
    if (keep) output.note(`its folder is ${platform.dataFolder}`);
  }
}

async function replayInto(
  target: { readonly url: string; readonly key: string | undefined },
  options: ReplayOptions,
  output: Output,
): Promise<void> {
  const client = new GatewayClient(target);
  try {
    const { replayRecording } = await import("../replay/replay.ts");
    const { report, counts, firstRefusals } = await replayRecording(client, options, output);
    printReport(output, report, { counts, firstRefusals });
    output.result(report);
    if (!isGood(report)) process.exitCode = EXIT.failed;
  } finally {
    await client.close();
  }
}

function replayOptions(file: string, options: CommandOptions): ReplayOptions {
  const { book, symbol, first, batch, accounts, verify, standalone = false } = options;
  return {
    file: fromHere(file),
    ...(book === undefined ? {} : { bookFile: fromHere(book) }),
    // On a platform of its own every run may have the same ids: equal runs then have equal hashes.
    run: options.run ?? (standalone ? "replay" : newRun()),
    ...(symbol === undefined ? {} : { symbol }),
    ...(first === undefined ? {} : { first }),
    batch,
    accounts,
    patienceMs: options.patience * 1_000,
    verify,
    bus: standalone ? options.bus : (readRunFile(dataFolderOf(options.data))?.bus ?? "unknown"),
  };
}

function newRun(): string {
  return `r${Date.now().toString(36)}`;
}
