import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { scratchBeside } from "@bourse/disk";
import { RegistryError } from "../registry-error.ts";

/** Apicurio Registry: it has the Confluent REST API, and needs no broker and no database. */
export const REGISTRY_VERSION = "3.0.9";
const ARTIFACT = `io.apicurio:apicurio-registry-app:${REGISTRY_VERSION}:tar.gz:all`;
const ARCHIVE = `apicurio-registry-app-${REGISTRY_VERSION}-all.tar.gz`;
const LOWEST_JAVA = 17;

export interface ProvisionRegistryOptions {
  /** Outside the tree, shared by all checkouts. */
  readonly cacheFolder: string;
  /** Told one line now and then while files are fetched; not called when they are there. */
  readonly progress?: (line: string) => void;
}

/** Where its files are kept: `${XDG_CACHE_HOME:-~/.cache}/bourse/apicurio-3.0.9`. */
export function registryCacheFolder(environment: { readonly XDG_CACHE_HOME?: string | undefined }): string {
  const cache = environment.XDG_CACHE_HOME || join(homedir(), ".cache");
  return join(cache, "bourse", `apicurio-${REGISTRY_VERSION}`);
}

/**
 * Sees to it that the registry is in the cache, and answers its jar. Throws `registry_refused` naming what is missing
 * (Java; Maven and tar when nothing is cached yet), or `registry_unavailable` when the download fails.
 */
export async function provisionRegistry({
  cacheFolder,
  progress,
}: ProvisionRegistryOptions): Promise<string> {
  await requireJava();
  const jar = join(cacheFolder, `apicurio-registry-app-${REGISTRY_VERSION}-runner.jar`);
  if (existsSync(jar)) return jar;
  for (const command of ["mvn", "tar"])
    if ((await run(command, ["--version"])) === undefined)
      throw missing(`${command} is needed to fetch it, and is not on the path`);
  const scratch = scratchBeside(cacheFolder, missing);
  try {
    await fetchWithMaven(scratch, progress ?? (() => undefined));
    const unpacked = join(scratch, "unpacked");
    mkdirSync(unpacked);
    const archive = join(scratch, ARCHIVE);
    if ((await run("tar", ["-xzf", archive, "-C", unpacked])) === undefined)
      throw new RegistryError("registry_unavailable", `${ARCHIVE} could not be unpacked`);
    try {
      renameSync(unpacked, cacheFolder);
    } catch (cause) {
      // Another process was faster: its files are as good.
      if (!existsSync(jar)) throw cause;
    }
    return jar;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function requireJava(): Promise<void> {
  const major = /version "(\d+)/.exec((await run("java", ["-version"])) ?? "")?.[1];
  if (major === undefined) throw missing("there is no java on the path");
  if (Number(major) < LOWEST_JAVA)
    throw missing(`Java ${LOWEST_JAVA} or newer is needed, and the java on the path is version ${major}`);
}

function missing(what: string): RegistryError {
  return new RegistryError(
    "registry_refused",
    `Apicurio Registry ${REGISTRY_VERSION} can't run here: ${what}. A registry that runs already can be named instead: SCHEMA_REGISTRY_URL`,
  );
}

/** What a command printed, or undefined when it can't be run. */
async function run(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, [...args]);
    return stdout + stderr;
  } catch {
    return undefined;
  }
}

async function fetchWithMaven(folder: string, progress: (line: string) => void): Promise<void> {
  const args = ["-B", "dependency:copy", `-Dartifact=${ARTIFACT}`, `-DoutputDirectory=${folder}`];
  const maven = spawn("mvn", args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let tail = "";
  for (const stream of [maven.stdout, maven.stderr])
    stream.on("data", (chunk: Buffer) => {
      tail = `${tail}${chunk.toString()}`.slice(-2000);
    });
  const startedMs = performance.now();
  const tell = (): void => {
    const seconds = Math.round((performance.now() - startedMs) / 1000);
    progress(`fetching Apicurio Registry ${REGISTRY_VERSION} (104 MB) from Maven Central: ${seconds} s`);
  };
  tell();
  const ticking = setInterval(tell, 2000);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      maven.on("error", reject);
      maven.on("close", resolve);
    });
    if (code === 0) return;
    throw new RegistryError("registry_unavailable", `mvn could not fetch Apicurio Registry:\n${tail}`);
  } finally {
    clearInterval(ticking);
  }
}
