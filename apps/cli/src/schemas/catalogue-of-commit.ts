import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { JsonSchema, SchemaVersion } from "@bourse/contracts";
import { type CatalogueRecord, recordOfAsyncApi } from "@bourse/registry";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";

const DOCUMENT = "docs/asyncapi.gen.json";
const VERSIONS = "packages/contracts/versions/";
const MAX_BYTES = 64 * 1024 * 1024;

/** The catalogue as a commit has it. */
export interface CatalogueOfCommit {
  readonly commit: string;
  readonly record: CatalogueRecord;
  /** Empty for commits from before schemas were kept on record. */
  readonly versions: readonly SchemaVersion[];
}

/** What to compare with where nobody said it, and why that; null: there is nothing. */
export interface Base {
  readonly ref: string;
  readonly why: string;
}

/** Reads a commit's catalogue out of its own generated documents. Throws {@link CliError}. */
export async function catalogueOfCommit(root: string, ref: string): Promise<CatalogueOfCommit> {
  const commit = (await git(root, ["rev-parse", "--verify", "--quiet", `${ref}^{commit}`]))?.trim();
  if (commit === undefined)
    throw new CliError(
      EXIT.usage,
      `--against: "${ref}" is no commit here; allowed is a branch, a tag, a hash`,
    );
  const document = await git(root, ["show", `${commit}:${DOCUMENT}`]);
  if (document === undefined)
    throw new CliError(EXIT.usage, `--against: ${ref} has no ${DOCUMENT}, so its events are not known`);
  const names = (await git(root, ["ls-tree", "--name-only", commit, VERSIONS])) ?? "";
  const paths = names.split("\n").filter((path) => path.endsWith(".gen.json"));
  return {
    commit,
    record: recordOfAsyncApi(JSON.parse(document)),
    versions: await Promise.all(paths.map((path) => versionAt(root, commit, path))),
  };
}

/**
 * The last release, a tag `v*`; before there was one, where this branch left the main one; null where there is neither, or
 * no repository. Throws {@link CliError} where there is no git.
 */
export async function usualBase(root: string): Promise<Base | null> {
  const tag = (await git(root, ["describe", "--tags", "--abbrev=0", "--match", "v*"]))?.trim();
  if (tag !== undefined) return { ref: tag, why: "the last release" };
  const head = (await git(root, ["rev-parse", "HEAD"]))?.trim();
  for (const branch of ["origin/HEAD", "origin/main", "main"]) {
    const base = (await git(root, ["merge-base", "HEAD", branch]))?.trim();
    if (base === undefined) continue;
    const left = base === head ? "what is not committed yet" : "what is not in it yet";
    return { ref: base, why: `there is no tag v*, so the base is ${branch}: only ${left} is compared` };
  }
  return null;
}

async function versionAt(root: string, commit: string, path: string): Promise<SchemaVersion> {
  const [eventType = "", version = ""] = path.slice(VERSIONS.length).split(".");
  const text = (await git(root, ["show", `${commit}:${path}`])) ?? "{}";
  return { eventType, version: Number(version.slice(1)), schema: JSON.parse(text) as JsonSchema };
}

/** What git said; undefined where it refused. */
async function git(root: string, args: readonly string[]): Promise<string | undefined> {
  try {
    // The user's own or another's: this is the project whose command runs.
    const trust = ["-c", `safe.directory=${root}`];
    const { stdout } = await promisify(execFile)("git", [...trust, ...args], {
      cwd: root,
      maxBuffer: MAX_BYTES,
    });
    return stdout;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      throw new CliError(EXIT.missingPart, "git is needed to compare with a commit, and is not on the path");
    return undefined;
  }
}
