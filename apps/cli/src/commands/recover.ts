import type { MissingEvents, RecoverReport } from "@bourse/platform";
import { Argument, Command, Option } from "commander";
import { CliError } from "../cli-error.ts";
import { dataFolderOf, fromHere } from "../data-folder.ts";
import { EXIT } from "../exit-codes.ts";
import { withExamples } from "../help.ts";
import { grouped, Output } from "../output.ts";
import { type TargetOptions, withData } from "../target.ts";

interface RecoverOptions extends TargetOptions {
  readonly dryRun?: boolean;
  readonly bus?: "embedded" | "kafka";
  readonly file?: string;
}

export function recoverCommand(): Command {
  const command = withData(new Command("recover"))
    .description(
      "Bring back a service whose database was restored from a backup (R6). Stop all its instances first",
    )
    .addArgument(new Argument("<service>", "the service that refuses to start"))
    .option("--dry-run", "say what would be done, and change nothing")
    .addOption(
      new Option(
        "--bus <bus>",
        "default: Kafka where the data folder has one or KAFKA_BOOTSTRAP_SERVERS names it",
      ).choices(["embedded", "kafka"]),
    )
    .option(
      "--file <path>",
      "where to write every record that the database lacks; default: in the data folder",
    )
    .action(recover);
  return withExamples(command, [
    ["recover order --dry-run", "what the topics have and the database has not"],
    ["recover order", "take the orders back, and begin the new epoch"],
    ["recover wallet --json", "for a program; exit code 7 while an instance of it runs"],
  ]);
}

async function recover(service: string, options: RecoverOptions): Promise<void> {
  const output = new Output({ json: options.json ?? false });
  const dataFolder = dataFolderOf(options.data);
  const { isServiceName, recoverService, busOf } = await import("@bourse/platform");
  if (!isServiceName(service)) {
    const { SERVICE_NAMES } = await import("@bourse/contracts");
    throw new CliError(EXIT.usage, `<service>: ${service} -> ${SERVICE_NAMES.join(", ")}`);
  }
  endWithSignal(output);
  const report = await recoverService({
    service,
    dataFolder,
    bus: options.bus ?? busOf(dataFolder, process.env),
    dryRun: options.dryRun ?? false,
    ...(options.file === undefined ? {} : { file: fromHere(options.file) }),
    env: process.env,
    progress: (line) => output.note(line),
  });
  print(output, report);
  output.result(report);
}

/** What was started for it ends with the process, but not with one that a signal has ended. */
function endWithSignal(output: Output): void {
  const interrupted = (): void => {
    output.note("interrupted: the same command begins again");
    process.exit(EXIT.interrupted);
  };
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
}

function print(output: Output, report: RecoverReport): void {
  const { service, partitions, events, file, earlierFile, description, dryRun } = report;
  if (partitions.length === 0) {
    output.line(`No topic is ahead of the database of ${service}: there is nothing to recover.`);
    if (earlierFile !== null)
      output.line(
        `What the last recovery found missing is in ${earlierFile}: what it did not import is for people to reconcile.`,
      );
    return;
  }
  output.table(
    ["topic", "partition", "topic ends with", "database ends with", "new epoch begins with"],
    partitions.map(({ topic, partition, tail, head, newEpoch, firstSequence }) => [
      topic,
      partition,
      `${tail.epoch}/${tail.sequence}`,
      `${head.epoch}/${head.next - 1}`,
      `${newEpoch}/${firstSequence}`,
    ]),
  );
  output.line("\nWhat the topics have and the database has not:");
  output.table(
    ["topic", "event", "records", dryRun ? "to import" : "imported", "amounts", "of"],
    events.map((each) => [
      each.topic,
      each.eventType,
      grouped(each.count),
      grouped(each.imported),
      amountsOf(each),
      `${each.ids.join(", ")}${each.count > each.ids.length ? ", ..." : ""}`,
    ]),
  );
  output.line(`\n${service}: ${description}.`);
  if (file !== null) output.line(`Every record is in ${file}.`);
  output.line(
    dryRun
      ? `Nothing was changed. \`bourse recover ${service}\` does it.`
      : `${service} may be started again. What was not imported is for people to reconcile: see docs/runbooks/recover.md.`,
  );
}

function amountsOf({ amounts }: MissingEvents): string {
  return Object.entries(amounts)
    .map(([asset, amount]) => `${amount} ${asset}`)
    .join(", ");
}
