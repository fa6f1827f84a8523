import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { Argument, Command } from "commander";
import { CliError } from "../cli-error.ts";
import { fromHere } from "../data-folder.ts";
import { SCENARIOS, type Scenario } from "../engine/consensus-workload.ts";
import { EXIT } from "../exit-codes.ts";
import { wholeNumber, withExamples } from "../help.ts";
import { grouped, Output } from "../output.ts";

interface ConsensusOptions {
  readonly reports?: string;
  readonly passes: number;
  readonly json?: boolean;
}

interface WorkloadOptions {
  readonly seed: number;
  readonly orders: number;
  readonly json?: boolean;
}

interface ReplayOptions {
  readonly book?: string;
  readonly json?: boolean;
}

export function engineCommand(): Command {
  return new Command("engine")
    .description(
      "Run the matching engine alone, without a platform, on recorded and published flows with known outcomes",
    )
    .addCommand(consensusCommand())
    .addCommand(workloadCommand())
    .addCommand(replayCommand());
}

function consensusCommand(): Command {
  const command = new Command("consensus")
    .description("Run a consensus workload: the SHA-256 of its report stream, and messages a second")
    .argument("<csv>", "type,side,ioc,qty,seq,order_id,price_ticks; .csv, .csv.xz, .csv.gz")
    .option("--reports <file>", "write the report stream there")
    .option("--passes <count>", "warm passes after the cold one", wholeNumber(1, 1_000), 5)
    .option("--json", "{messages, sha256, coldMessagesPerSecond, warmMessagesPerSecond} as one line")
    .action(consensus);
  return withExamples(command, [
    ["engine consensus normal.csv.xz", "its hash and how fast"],
    ["engine consensus normal.csv.xz --reports reports.txt", "the reports themselves, to compare"],
  ]);
}

function workloadCommand(): Command {
  const command = new Command("workload")
    .description("Write a consensus workload of the published kind, about two messages an order")
    .addArgument(
      new Argument("<scenario>", "how far prices walk").choices(Object.keys(SCENARIOS) as Scenario[]),
    )
    .argument("<file>", "where to, as .csv")
    .option("--seed <number>", "the same seed gives the same file", wholeNumber(0, 4_294_967_295), 23)
    .option("--orders <count>", "new orders", wholeNumber(1, 10_000_000), 1_000_000)
    .option("--json", "what was written as one line")
    .action(workload);
  return withExamples(command, [
    ["engine workload normal normal.csv", "a million orders"],
    ["engine workload flash-crash crash.csv --seed 7 --orders 100000", "fewer, other ones"],
  ]);
}

function replayCommand(): Command {
  const command = new Command("replay")
    .description(
      "Run recorded order flow through the engine; compare every fill and the book after every step",
    )
    .argument("<engine-stream>", "cmd,id,side,price,qty,row,fills,...; .csv, .csv.gz, .csv.xz")
    .option(
      "--book <file>",
      "the LOBSTER orderbook file, whole depth; .csv, .gz, .xz, or the .zip that has it",
    )
    .option("--json", "the comparison as one line")
    .action(replay);
  return withExamples(command, [
    ["engine replay AMZN.csv.gz", "every fill, and the best bid and ask after every step"],
    ["engine replay AMZN.csv.gz --book AMZN_orderbook_5.csv", "and all levels after every step"],
  ]);
}

async function consensus(file: string, options: ConsensusOptions): Promise<void> {
  const output = new Output({ json: options.json ?? false });
  const { runConsensus } = await import("../engine/consensus.ts");
  const result = await runConsensus({
    file: fromHere(file),
    warmPasses: options.passes,
    ...(options.reports === undefined ? {} : { reportsFile: fromHere(options.reports) }),
  });
  output.facts([
    ["messages", grouped(result.messages)],
    ["SHA-256 of the reports", result.sha256],
    ["cold, messages/s", grouped(result.coldMessagesPerSecond)],
    ["warm, messages/s", grouped(result.warmMessagesPerSecond)],
  ]);
  output.result(result);
}

async function replay(file: string, options: ReplayOptions): Promise<void> {
  const output = new Output({ json: options.json ?? false });
  const { isEqual, replayStream } = await import("../engine/stream-replay.ts");
  const result = await replayStream(
    fromHere(file),
    options.book === undefined ? undefined : fromHere(options.book),
  );
  output.facts([
    ["commands", grouped(result.commands)],
    ["aggressors equal", `${grouped(result.aggressorsEqual)} of ${grouped(result.aggressorsExpected)}`],
    ["fills equal", `${grouped(result.fillsEqual)} of ${grouped(result.fillsExpected)}`],
    ["books equal", `${grouped(result.booksEqual)} of ${grouped(result.booksCompared)}`],
  ]);
  for (const difference of result.firstDifferences) output.line(difference);
  output.result(result);
  if (!isEqual(result)) process.exitCode = EXIT.failed;
}

async function workload(scenario: Scenario, file: string, options: WorkloadOptions): Promise<void> {
  const output = new Output({ json: options.json ?? false });
  const { consensusWorkload } = await import("../engine/consensus-workload.ts");
  const { seed, orders } = options;
  const path = fromHere(file);
  try {
    await pipeline(consensusWorkload({ scenario, seed, orders }), createWriteStream(path));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(EXIT.usage, `<file> is "${path}"; allowed is a file that can be written (${why})`);
  }
  output.line(`${path}: ${scenario}, ${grouped(orders)} orders, seed ${seed}`);
  output.result({ file: path, scenario, seed, orders });
}
