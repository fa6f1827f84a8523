import { readRunFile } from "@bourse/platform/run-file";
import { CliError } from "../cli-error.ts";
import { dataFolderOf, nonEmpty } from "../data-folder.ts";
import { EXIT } from "../exit-codes.ts";

/**
 * The brokers of a stream: those that are named, else those of the platform that runs from the data folder. Throws
 * `CliError` that says what there is instead: the embedded log is its one process's (docs/decisions/0033).
 */
export function kafkaServers(
  { bootstrap, data }: { readonly bootstrap?: string | undefined; readonly data?: string | undefined },
  env: NodeJS.ProcessEnv,
): string {
  const named = nonEmpty(bootstrap) ?? nonEmpty(env.KAFKA_BOOTSTRAP_SERVERS);
  if (named !== undefined) return named;
  const running = readRunFile(dataFolderOf(data, env));
  if (running?.bootstrapServers !== undefined) return running.bootstrapServers;
  const embedded =
    running?.bus === "embedded"
      ? "; the platform that runs here has the embedded log, which only it may write"
      : "";
  throw new CliError(
    EXIT.missingPart,
    `KAFKA_BOOTSTRAP_SERVERS: not set -> host:port of a Kafka broker${embedded}. ` +
      "`npm run up:kafka` starts a platform with a local one, which is then found by itself",
  );
}
