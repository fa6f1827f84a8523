import { readRunFile } from "@bourse/platform/run-file";
import type { Command } from "commander";
import { CliError } from "./cli-error.ts";
import { GatewayClient } from "./client.ts";
import { dataFolderOf, nonEmpty, operatorKeyIn } from "./data-folder.ts";
import { EXIT } from "./exit-codes.ts";
import { Output } from "./output.ts";

/** Options of every command that talks to a platform. */
export interface TargetOptions {
  readonly url?: string;
  readonly key?: string;
  readonly data?: string;
  readonly json?: boolean;
}

/** `key`: how the option is called where `--key` is a record's. */
export function withTarget(
  command: Command,
  { key = "--key <key>" }: { readonly key?: string } = {},
): Command {
  return withData(command)
    .option("--url <url>", "the gateway (BOURSE_URL; default: the platform that runs from the data folder)")
    .option(key, "the key to act with (BOURSE_KEY; default: the operator's, from the data folder)");
}

export function withData(command: Command): Command {
  return command
    .option("--data <folder>", "the data folder (BOURSE_DATA; default: .bourse in the project)")
    .option("--json", "one JSON object as the last line of stdout");
}

const DEFAULT_URL = "http://127.0.0.1:8080";

/** Which platform a command is for, and who acts. */
export function findTarget(
  options: TargetOptions,
  env: NodeJS.ProcessEnv = process.env,
): { readonly url: string; readonly key: string | undefined } {
  const dataFolder = dataFolderOf(options.data, env);
  const given = options.url ?? nonEmpty(env.BOURSE_URL);
  if (given !== undefined) assertGateway(options.url === undefined ? "BOURSE_URL" : "--url", given);
  const key = options.key ?? nonEmpty(env.BOURSE_KEY) ?? operatorKeyIn(dataFolder);
  if (key !== undefined) assertKey(key);
  return {
    url: given ?? readRunFile(dataFolder)?.gatewayUrl ?? DEFAULT_URL,
    key,
  };
}

function assertGateway(name: string, given: string): void {
  const { protocol, pathname } = URL.parse(given) ?? {};
  if (protocol !== "http:" && protocol !== "https:")
    throw new CliError(
      EXIT.usage,
      `${name}: ${given} -> an http or https URL, such as http://127.0.0.1:8080`,
    );
  if (pathname !== "/")
    throw new CliError(
      EXIT.usage,
      `${name}: ${given} -> a URL without a path: the gateway has a host to itself`,
    );
}

/** What no header can hold, such as the end of a file's line, is no part of a key. A secret is not repeated. */
function assertKey(key: string): void {
  if (/^[\x21-\x7e]+$/.test(key)) return;
  throw new CliError(
    EXIT.usage,
    `the key (--key, BOURSE_KEY): ${key.length} characters -> letters, digits and signs of ASCII, without blanks and line ends`,
  );
}

/** Runs a command's work with a client that is closed afterwards. */
export async function withClient(
  options: TargetOptions,
  work: (client: GatewayClient, output: Output) => Promise<void>,
): Promise<void> {
  const client = new GatewayClient(findTarget(options));
  try {
    await work(client, new Output({ json: options.json ?? false }));
  } finally {
    await client.close();
  }
}
