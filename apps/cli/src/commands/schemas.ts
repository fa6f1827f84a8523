import { catalogue, eventsOf } from "@bourse/contracts";
import { type Mode, SUBJECT_STRATEGIES, versionsOnRecord } from "@bourse/registry";
import { Command, Option } from "commander";
import { CliError } from "../cli-error.ts";
import { PROJECT_ROOT } from "../data-folder.ts";
import { EXIT } from "../exit-codes.ts";
import { wholeNumber, withExamples } from "../help.ts";
import { Output } from "../output.ts";
import { type CatalogueOfCommit, catalogueOfCommit, usualBase } from "../schemas/catalogue-of-commit.ts";
import { checkSchemas, type ReportedFinding, type SchemasReport } from "../schemas/check-schemas.ts";
import {
  type PlannedSubject,
  planRegistration,
  type RegistryOptions,
  registerPlanned,
  withSchemaRegistry,
} from "../schemas/registry-subjects.ts";

interface SchemasOptions {
  readonly json?: boolean;
}

interface RegisterOptions extends RegistryOptions {
  readonly dryRun?: boolean;
}

interface ShowOptions extends SchemasOptions {
  readonly eventVersion?: number;
}

interface CheckOptions extends SchemasOptions {
  readonly against?: string;
  readonly mode: Mode;
}

export function schemasCommand(): Command {
  return new Command("schemas")
    .description("Show the versions of every event's schema, and check whether a change breaks readers")
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(checkCommand())
    .addCommand(registerCommand());
}

function withJson(command: Command): Command {
  return command.option("--json", "one JSON object as the last line of stdout");
}

function withRegistry(command: Command): Command {
  return withJson(command)
    .option("--registry <url>", "a registry with the Confluent REST API (SCHEMA_REGISTRY_URL)")
    .addOption(
      new Option("--strategy <strategy>", "how subjects are named (SCHEMA_SUBJECT_STRATEGY)").choices([
        ...SUBJECT_STRATEGIES,
      ]),
    );
}

function listCommand(): Command {
  const command = withRegistry(new Command("list"))
    .description(
      "List every event, the topics it is in and its versions on record; or what a registry has of them",
    )
    .action(list);
  return withExamples(command, [
    ["schemas list", "events, topics, versions"],
    [
      "schemas list --registry http://127.0.0.1:8081",
      "subjects, and which are not registered as they are now",
    ],
  ]);
}

function showCommand(): Command {
  const command = withJson(new Command("show"))
    .description("Show a version of an event's schema as JSON Schema")
    .argument("<event>", "its type, such as OrderCreated")
    .option("--event-version <number>", "which version (default: the newest)", wholeNumber(1, 1_000_000))
    .action(show);
  return withExamples(command, [
    ["schemas show OrderCreated", "the newest version"],
    ["schemas show OrderCreated --event-version 1", "the first one"],
  ]);
}

function checkCommand(): Command {
  const command = withJson(new Command("check"))
    .description(
      "Check whether readers can go on: the catalogue against its versions on record, and against a commit's catalogue",
    )
    .option(
      "--against <git ref>",
      "the commit to compare with (default: the last tag v*, else where the branch left the main one)",
    )
    .addOption(
      new Option(
        "--mode <mode>",
        "backward: new readers read old events; forward: old readers read new ones; full: both",
      )
        .choices(["backward", "forward", "full"])
        .default("backward"),
    )
    .action(check);
  return withExamples(command, [
    ["schemas check", "against the last release"],
    ["schemas check --against main --mode full", "and whether readers may be upgraded after the writers"],
    ["schemas check --against HEAD~1 --json", "{compatible, breaches, notes}"],
  ]);
}

async function list(options: RegistryOptions): Promise<void> {
  const output = new Output({ json: options.json ?? false });
  if (options.registry !== undefined) return listRegistry(options, output);
  const versions = Map.groupBy(versionsOnRecord(), ({ eventType }) => eventType);
  const topics = new Map<string, string[]>();
  for (const topic of catalogue)
    for (const { eventType } of eventsOf(topic))
      topics.set(eventType, [...(topics.get(eventType) ?? []), topic.name]);
  const events = [...versions].map(([eventType, all]) => ({
    eventType,
    versions: all.map(({ version }) => version),
    topics: topics.get(eventType) ?? [],
  }));
  output.table(
    ["event", "versions", "topics"],
    events.map((event) => [event.eventType, event.versions.join(", "), inShort(event.topics)]),
  );
  output.result({ events });
}

async function listRegistry(options: RegistryOptions, output: Output): Promise<void> {
  const subjects = await withSchemaRegistry(options, ({ registry, strategy }) =>
    planRegistration(registry, strategy),
  );
  tellSubjects(subjects, output);
  output.result({ subjects: subjects.map(({ schema: _schema, ...each }) => each) });
}

async function register(options: RegisterOptions): Promise<void> {
  const output = new Output({ json: options.json ?? false });
  const dryRun = options.dryRun ?? false;
  const subjects = await withSchemaRegistry(options, async ({ registry, strategy }) => {
    const plan = await planRegistration(registry, strategy);
    const isRefused = plan.some(({ state }) => state === "incompatible");
    return dryRun || isRefused ? plan : registerPlanned(registry, plan);
  });
  const news = subjects.filter(({ state }) => state !== "registered");
  tellSubjects(news, output);
  const faults = subjects.flatMap(({ fault }) => fault ?? []);
  for (const fault of faults) output.note(fault);
  const counts = Map.groupBy(subjects, ({ state }) => state);
  output.line([...counts].map(([state, all]) => `${all.length} ${state}`).join(", "));
  output.result({ dryRun, subjects: subjects.map(({ schema: _schema, ...each }) => each) });
  process.exitCode = faults.length > 0 ? EXIT.failed : EXIT.ok;
}

function tellSubjects(subjects: readonly PlannedSubject[], output: Output): void {
  if (subjects.length === 0) return;
  output.table(
    ["subject", "state", "version", "id"],
    subjects.map(({ subject, state, version, id }) => [
      subject,
      state,
      String(version ?? "-"),
      String(id ?? "-"),
    ]),
  );
}

const MOST_TOPICS = 3;

function inShort(topics: readonly string[]): string {
  return topics.length <= MOST_TOPICS ? topics.join(", ") : `${topics.length} topics`;
}

function show(eventType: string, options: ShowOptions): void {
  const output = new Output({ json: options.json ?? false });
  const all = versionsOnRecord();
  const ofEvent = all.filter((each) => each.eventType === eventType);
  if (ofEvent.length === 0) {
    const known = [...new Set(all.map((each) => each.eventType))];
    throw new CliError(EXIT.usage, `event: ${eventType} -> ${known.join(", ")}`);
  }
  const found =
    options.eventVersion === undefined
      ? ofEvent.at(-1)
      : ofEvent.find(({ version }) => version === options.eventVersion);
  if (found === undefined) {
    const known = ofEvent.map(({ version }) => version).join(", ");
    throw new CliError(EXIT.usage, `--event-version: ${options.eventVersion} -> ${known}`);
  }
  output.line(JSON.stringify(found.schema, null, 2));
  output.result(found);
}

function registerCommand(): Command {
  const command = withRegistry(new Command("register"))
    .description("Register the schemas of all topics as they are now; what is there already is left alone")
    .option("--dry-run", "say what would be registered or refused, and change nothing")
    .action(register);
  return withExamples(command, [
    ["schemas register --registry http://127.0.0.1:8081 --dry-run", "what a start would register"],
    ["schemas register --registry http://127.0.0.1:8081", "before the services are started"],
  ]);
}

async function check(options: CheckOptions): Promise<void> {
  const output = new Output({ json: options.json ?? false });
  const commit = await baseOf(options, output);
  const report = checkSchemas({ mode: options.mode, commit });
  tell(report, output);
  output.result(report);
  process.exitCode = report.compatible ? EXIT.ok : EXIT.failed;
}

async function baseOf({ against }: CheckOptions, output: Output): Promise<CatalogueOfCommit | null> {
  const base = against === undefined ? await usualBase(PROJECT_ROOT) : { ref: against, why: "as was asked" };
  if (base === null) {
    output.note(
      "NOT COMPARED with any commit: there is no tag v* and no main branch here. --against names one",
    );
    return null;
  }
  output.note(`comparing with ${base.ref} (${base.why})`);
  return catalogueOfCommit(PROJECT_ROOT, base.ref);
}

function tell(report: SchemasReport, output: Output): void {
  tellFindings(report.breaches, output);
  if (report.notes.length > 0) {
    output.line(`Not asked for by --mode ${report.mode}, and good to know before an upgrade:`);
    tellFindings(report.notes, output);
  }
  const looked = `${report.events} events, ${report.versions} versions on record`;
  output.line(
    report.compatible
      ? `compatible (${report.mode}): ${looked}`
      : `NOT compatible (${report.mode}): ${report.breaches.length} breaches; ${looked}`,
  );
}

function tellFindings(findings: readonly ReportedFinding[], output: Output): void {
  for (const { event, versions, field, rule, breaks, older, newer, meaning, advice } of findings) {
    output.line(`${event} ${versions}${field === "" ? "" : `, ${field}`}: ${rule} (breaks ${breaks})`);
    output.line(`  was: ${older}; is: ${newer}`);
    output.line(`  ${meaning}; ${advice}`);
  }
}
