import { pathToFileURL } from "node:url";
import type { FeedOptions } from "@bourse/platform/follow-feed";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";

/** The `handle` of a module. Throws `CliError` naming the file where there is none. */
export async function handlerOf(file: string): Promise<FeedOptions["handle"]> {
  let loaded: { readonly handle?: unknown };
  try {
    loaded = await import(pathToFileURL(file).href);
  } catch (cause) {
    throw new CliError(EXIT.usage, `--handler: ${file} can't be loaded (${(cause as Error).message})`, {
      cause,
    });
  }
  const { handle } = loaded;
  if (typeof handle !== "function")
    throw new CliError(
      EXIT.usage,
      `--handler: ${file} exports no function \`handle\` -> export function handle(rows)`,
    );
  return handle as FeedOptions["handle"];
}
