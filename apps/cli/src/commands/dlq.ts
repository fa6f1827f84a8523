import { randomUUID } from "node:crypto";
import { Argument, Command, InvalidArgumentError, Option } from "commander";
import { CliError } from "../cli-error.ts";
import type { GatewayClient } from "../client.ts";
import {
  type DeadLetter,
  type DeadLetterDetail,
  drop,
  type Reason,
  readReasons,
  readRecord,
  readRecords,
  redrive,
  servicesWithEffects,
} from "../dead-letters/dead-letters.ts";
import {
  type Filter,
  type FilterOptions,
  filterOf,
  type RecordReference,
  recordReference,
  withFilter,
} from "../dead-letters/filter.ts";
import { type ChunkedWork, dropInChunks, redriveInChunks } from "../dead-letters/in-chunks.ts";
import { EXIT } from "../exit-codes.ts";
import { wholeNumber, withExamples } from "../help.ts";
import { grouped, type Output } from "../output.ts";
import { type Patience, patienceOf } from "../patience.ts";
import { type TargetOptions, withClient, withTarget } from "../target.ts";

interface ListOptions extends TargetOptions, FilterOptions {
  readonly status: string;
  readonly limit: number;
}

interface WorkOptions extends TargetOptions, FilterOptions {
  readonly all?: boolean;
  readonly max: number;
  readonly dryRun?: boolean;
  readonly reason?: string;
}

const MAX = 1_000_000;

export function dlqCommand(): Command {
  return new Command("dlq")
    .description("List the records that services could not apply, apply them again, or give them up")
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(redriveCommand())
    .addCommand(dropCommand());
}

function listCommand(): Command {
  const command = withFilter(withTarget(new Command("list")))
    .description("Show how many records are parked for each reason, and the first of them")
    .addOption(
      new Option("--status <status>", "PARKED, APPLIED, DROPPED, or any")
        .choices(["PARKED", "APPLIED", "DROPPED", "any"])
        .default("PARKED"),
    )
    .option("--limit <records>", "how many to show", wholeNumber(0, 10_000), 20)
    .action(list);
  return withExamples(command, [
    ["dlq list", "a histogram of the reasons, and the first records"],
    [
      "dlq list --service order --code illegal_transition --since 1h",
      "those of one reason, of the last hour",
    ],
    ["dlq list --status any --json", "{reasons, records, silent}, what is done with included"],
  ]);
}

function showCommand(): Command {
  const command = withTarget(new Command("show"))
    .description("Show one record: why it is parked, its headers and its bytes")
    .addArgument(recordArgument("<record>"))
    .action(show);
  return withExamples(command, [["dlq show wallet/settlement/trade-events/2/17", "all that is kept of it"]]);
}

function redriveCommand(): Command {
  const command = withWork(withTarget(new Command("redrive")))
    .description(
      "Apply parked records again, in order, each once; one record of a key takes the key's whole queue along",
    )
    .option("--reason <text>", "for the audit")
    .action(redriveAll);
  return withExamples(command, [
    ["dlq redrive --code retries_exhausted --dry-run", "how many would be tried"],
    ["dlq redrive --service portfolio --max 1000", "a thousand of one service; the same again goes on"],
    ["dlq redrive portfolio/positions/trade-events/2/17", "one record, and what queues behind it"],
  ]);
}

function dropCommand(): Command {
  const command = withWork(withTarget(new Command("drop")))
    .description("Give parked records up; of a key's queue only from the front")
    .requiredOption("--reason <text>", "why; it is kept in the audit", reasonText)
    .action(dropAll);
  return withExamples(command, [
    ['dlq drop --code undecodable_record --reason "a test producer" --dry-run', "how many would go"],
    ['dlq drop order/executions/execution-events/1/3 --reason "see incident 7"', "one record"],
  ]);
}

function withWork(command: Command): Command {
  return withFilter(command)
    .addArgument(recordArgument("[record]"))
    .option("--all", "without any filter: all that is parked")
    .option("--max <records>", "at most this many", wholeNumber(1, MAX), MAX)
    .option("--dry-run", "only show how many it would be");
}

function recordArgument(name: string): Argument {
  return new Argument(name, "as `bourse dlq list` shows it").argParser(recordReference);
}

function reasonText(text: string): string {
  if (text.trim() !== "" && text.length <= 500) return text;
  throw new InvalidArgumentError("Allowed are 1 to 500 characters.");
}

async function list(options: ListOptions): Promise<void> {
  await withClient(options, async (client, output) => {
    const { names, silent } = await meantServices(client, options.service);
    const filter = {
      ...filterOf(options),
      ...(options.status === "any" ? {} : { status: options.status }),
    };
    const reasons: Reason[] = [];
    const records: DeadLetter[] = [];
    for (const service of names) {
      reasons.push(...(await readReasons(client, service, filter)));
      records.push(...(await readRecords(client, service, filter, options.limit - records.length)));
    }
    for (const service of silent) output.note(`${service} does not answer: what it has parked is not known`);
    printReasons(output, reasons);
    printRecords(output, records);
    output.result({ reasons, records, silent });
    if (silent.length > 0) process.exitCode = EXIT.failed;
  });
}

async function show(reference: RecordReference, options: TargetOptions): Promise<void> {
  await withClient(options, async (client, output) => {
    const record = await readRecord(client, reference);
    printRecord(output, record);
    output.result(record);
  });
}

async function redriveAll(reference: RecordReference | undefined, options: WorkOptions): Promise<void> {
  await withClient(options, async (client, output) => {
    // One run over all services: what fails in it is not tried again by it, also after a lost answer.
    const runId = randomUUID();
    const { dryRun = false } = options;
    const outcomes = await inTurn({ client, output }, reference, options, async (work) => {
      const { service, filter } = work;
      const outcome = dryRun
        ? await redrive(client, service, { ...filter, dryRun })
        : await redriveInChunks(work, runId);
      const { applied, failed, left } = outcome;
      output.line(
        dryRun
          ? `${service}: ${grouped(left)} would be tried`
          : `${service}: ${grouped(applied)} applied, ${grouped(failed.length)} failed again, ${grouped(left)} left`,
      );
      for (const { id, code, message } of failed) output.line(`  ${service}/${id}: ${code}: ${message}`);
      return { outcome, done: applied + failed.length };
    });
    output.result({ dryRun, services: outcomes });
    if (outcomes.some(({ failed }) => failed.length > 0)) process.exitCode = EXIT.failed;
  });
}

async function dropAll(reference: RecordReference | undefined, options: WorkOptions): Promise<void> {
  await withClient(options, async (client, output) => {
    const { dryRun = false, reason = "" } = options;
    const outcomes = await inTurn({ client, output }, reference, options, async (work) => {
      const { service, filter } = work;
      const outcome = dryRun
        ? await drop(client, service, { ...filter, reason, dryRun })
        : await dropInChunks(work);
      const { dropped, left } = outcome;
      output.line(
        dryRun
          ? `${service}: ${grouped(left)} would be dropped`
          : `${service}: ${grouped(dropped)} dropped, ${grouped(left)} left`,
      );
      return { outcome, done: dropped };
    });
    output.result({ dryRun, services: outcomes });
  });
}

/** What each service that is meant comes to, one after the other, until `--max` records are done with. */
async function inTurn<Outcome extends object>(
  { client, output }: Pick<ChunkedWork, "client" | "output">,
  reference: RecordReference | undefined,
  options: WorkOptions,
  run: (work: ChunkedWork) => Promise<{ readonly outcome: Outcome; readonly done: number }>,
): Promise<readonly (Outcome & { readonly service: string })[]> {
  const { names, filter } = await meant(client, reference, options);
  const { max, dryRun = false, reason } = options;
  const outcomes: (Outcome & { readonly service: string })[] = [];
  let open = max;
  for (const service of names) {
    if (open === 0) break;
    const patience = patienceFor(service, output);
    const work = { client, output, patience, service, filter, max: open };
    const { outcome, done } = await run(reason === undefined ? work : { ...work, reason });
    outcomes.push({ service, ...outcome });
    if (!dryRun) open -= done;
  }
  return outcomes;
}

/** A service that restarts is back by then. */
const PATIENCE_MS = 30_000;

function patienceFor(service: string, output: Output): Patience {
  return patienceOf(PATIENCE_MS, (why) => output.note(`${service}: waiting: ${why}`));
}

/** Which records of which services. Without any filter only with `--all`: the wish has to be said. */
async function meant(
  client: GatewayClient,
  reference: RecordReference | undefined,
  options: WorkOptions,
): Promise<{ readonly names: readonly string[]; readonly filter: Filter }> {
  const filter = filterOf(options);
  if (reference !== undefined) {
    if (Object.keys(filter).length > 0 || options.service !== undefined || options.all === true)
      throw new CliError(EXIT.usage, "record: it is one record, filters don't go with it");
    // One that is not there is refused; one that is done with already changes nothing.
    await readRecord(client, reference);
    return { names: [reference.service], filter: { id: reference.id } };
  }
  if (Object.keys(filter).length === 0 && options.service === undefined && options.all !== true)
    throw new CliError(EXIT.usage, "which records: name one, give a filter, or --all");
  const { names, silent } = await meantServices(client, options.service);
  if (silent.length > 0)
    throw new CliError(EXIT.unreachable, `${silent.join(", ")}: no answer. Name the others with --service.`);
  return { names, filter };
}

async function meantServices(
  client: GatewayClient,
  service: string | undefined,
): Promise<{ readonly names: readonly string[]; readonly silent: readonly string[] }> {
  const { names, silent } = await servicesWithEffects(client);
  if (service === undefined) return { names, silent };
  if (names.includes(service)) return { names: [service], silent: [] };
  if (silent.includes(service)) return { names: [], silent: [service] };
  throw new CliError(EXIT.usage, `service: ${service} -> ${names.join(", ")}`);
}

const BAR = 30;

function printReasons(output: Output, reasons: readonly Reason[]): void {
  if (reasons.length === 0) {
    output.line("Nothing is parked that fits.");
    return;
  }
  const most = Math.max(...reasons.map(({ count }) => count));
  output.table(
    ["service", "subscription", "topic", "reason", "status", "records", "", "keys", "since"],
    [...reasons]
      .sort((a, b) => b.count - a.count)
      .map(({ service, subscription, topic, code, status, count, keys, oldestAt }) => [
        service,
        subscription,
        topic,
        code,
        status,
        grouped(count),
        "#".repeat(Math.max(1, Math.round((BAR * count) / most))),
        grouped(keys),
        oldestAt,
      ]),
  );
}

function printRecords(output: Output, records: readonly DeadLetter[]): void {
  if (records.length === 0) return;
  output.table(
    ["record", "key", "reason", "status", "tries", "replays", "parked at", "message"],
    records.map(({ service, id, key, code, status, attempts, replays, parkedAt, message }) => [
      `${service}/${id}`,
      key ?? "",
      code,
      status,
      String(attempts),
      String(replays),
      parkedAt,
      message.length > 60 ? `${message.slice(0, 57)}...` : message,
    ]),
  );
}

function printRecord(output: Output, record: DeadLetterDetail): void {
  const { headers, headersBase64, value, encoding, stack, ...facts } = record;
  output.facts(Object.entries(facts).map(([name, fact]) => [name, fact === null ? "-" : String(fact)]));
  output.line("\nheaders");
  for (const [name, header] of Object.entries(headers)) output.line(`  ${name}: ${header}`);
  if (headersBase64 !== undefined) output.line("\nheaders (base64: texts don't say their bytes)");
  for (const { name, value: bytes } of headersBase64 ?? []) output.line(`  ${name}: ${bytes ?? "-"}`);
  output.line(
    `\nvalue${encoding === "base64" ? " (base64: its bytes are no text)" : ""}\n  ${value ?? "- (none: a tombstone)"}`,
  );
  if (stack !== null) output.line(`\nstack\n  ${stack.replaceAll("\n", "\n  ")}`);
}
