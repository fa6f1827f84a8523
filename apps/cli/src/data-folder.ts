import { existsSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { CliError } from "./cli-error.ts";
import { EXIT } from "./exit-codes.ts";

/** The project's own folder. */
export const PROJECT_ROOT: string = resolve(import.meta.dirname, "../../..");

/**
 * `--data`, else BOURSE_DATA, else `.bourse` in the project. Relative ones start where the person stands; an empty name, such
 * as that of a variable which is not set, would be that place itself.
 */
export function dataFolderOf(given: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  if (given === "") throw new CliError(EXIT.usage, "--data: nothing -> a folder's name, such as /srv/bourse");
  const named = given ?? nonEmpty(env.BOURSE_DATA);
  return named === undefined ? join(PROJECT_ROOT, ".bourse") : fromHere(named, env);
}

/** For a command that somebody is told to enter: what makes it find this folder from any place. */
export function dataOption(dataFolder: string): string {
  if (dataFolder === dataFolderOf(undefined, {})) return "";
  const isPlain = /^[\w./-]+$/.test(dataFolder);
  return ` --data ${isPlain ? dataFolder : `'${dataFolder.replaceAll("'", "'\\''")}'`}`;
}

/** A file or folder that the person named. npm moves to the root and says in INIT_CWD where it came from. */
export function fromHere(path: string, env: NodeJS.ProcessEnv = process.env): string {
  return resolve(nonEmpty(env.INIT_CWD) ?? process.cwd(), path);
}

/** The key that the first start has left in the folder; undefined where there is none to be read. */
export function operatorKeyIn(dataFolder: string): string | undefined {
  const file = join(dataFolder, "operator.key");
  if (!existsSync(file)) return undefined;
  try {
    return nonEmpty(readFileSync(file, "utf8").trim());
  } catch {
    return undefined;
  }
}

/** Removes a data folder with all that is in it, PostgreSQL's part too where that had to be put elsewhere. */
export async function removeData(dataFolder: string): Promise<void> {
  const postgres = join(dataFolder, "postgres");
  if (existsSync(postgres)) {
    const { removeDataFolder } = await import("@bourse/store/local-postgres");
    removeDataFolder(postgres);
  }
  rmSync(dataFolder, { recursive: true, force: true });
}

export function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === "" ? undefined : text;
}
