import { Command, Option } from "commander";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import { withExamples } from "../help.ts";
import { Output } from "../output.ts";

interface AclsOptions {
  readonly format: "json" | "kafka-acls" | "terraform";
  readonly apply?: boolean;
  readonly passwords?: string;
  readonly bootstrap?: string;
  readonly json?: boolean;
}

export function aclsCommand(): Command {
  const command = new Command("acls")
    .description("Show what each service may do on Kafka, by its definition, or set up a cluster for it")
    .addOption(
      new Option("--format <format>", "the output's format")
        .choices(["json", "kafka-acls", "terraform"])
        .default("json"),
    )
    .option("--apply", "set the brokers' topics, ACLs and quotas, as the administrator of KAFKA_SASL_*")
    .option(
      "--passwords <folder>",
      "with --apply: make the users too. Each password is a file here, under the user's name; made where missing",
    )
    .option("--bootstrap <servers>", "the brokers, host:port with commas between (KAFKA_BOOTSTRAP_SERVERS)")
    .option("--json", "with --apply: the outcome as JSON")
    .action(acls);
  return withExamples(command, [
    ["acls", "ACLs and quotas as JSON"],
    ["acls --format kafka-acls", "as a script of Kafka's own commands"],
    ["acls --apply --passwords /etc/bourse/kafka", "topics, users, ACLs and quotas on the cluster"],
  ]);
}

async function acls(options: AclsOptions): Promise<void> {
  const { accessDocument, applyKafkaAccess } = await import("@bourse/platform");
  if (options.apply !== true) {
    if (options.passwords !== undefined)
      throw new CliError(EXIT.usage, "--passwords -> only with --apply: users are made on a cluster");
    process.stdout.write(accessDocument(options.format));
    return;
  }
  const output = new Output({ json: options.json ?? false });
  const { bootstrap, passwords } = options;
  const applied = await applyKafkaAccess({
    env: { ...process.env, ...(bootstrap === undefined ? {} : { KAFKA_BOOTSTRAP_SERVERS: bootstrap }) },
    ...(passwords === undefined ? {} : { passwords }),
    progress: (line) => output.note(line),
  });
  const { added, removed, kept, topics, replicationFactor, quotas, users } = applied;
  for (const { principal, operation, resource, name } of removed)
    output.note(`taken away: ${principal} ${operation} ${resource} ${name}`);
  output.line(
    `The cluster is ready: ${topics} topics with ${replicationFactor} copies, ${added.length} ACLs added, ` +
      `${removed.length} taken away, ${kept} as they were, ${quotas} quotas` +
      `${passwords === undefined ? "" : `, ${users.length} users`}.`,
  );
  output.result(applied);
}
