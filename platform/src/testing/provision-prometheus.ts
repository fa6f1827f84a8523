import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { PlatformError } from "../platform-error.ts";

/** What of the environment decides which Prometheus the tests use. */
export interface PrometheusEnvironment {
  /** A program that is there anyway. */
  readonly BOURSE_PROMETHEUS?: string | undefined;
  readonly XDG_CACHE_HOME?: string | undefined;
  readonly CI?: string | undefined;
}

export interface ProvisionPrometheusOptions {
  readonly environment: PrometheusEnvironment;
  /** Told one line when something is fetched; not called when it is there. */
  readonly progress?: (line: string) => void;
  /** Runs a program in a folder. Default: the machine does. */
  readonly run?: Run;
}

/** Resolves with what the program printed; rejects where it can't be run or fails. */
export type Run = (program: string, options: readonly string[], folder?: string) => Promise<string>;

/**
 * The Prometheus to run: the one of `BOURSE_PROMETHEUS`, that on the path, that in the cache, or Debian's package, of
 * which the program is taken out and nothing is installed. Throws `missing_part` saying what would help.
 */
export async function provisionPrometheus(options: ProvisionPrometheusOptions): Promise<string> {
  const { environment, progress = () => undefined, run = onThisMachine } = options;
  const given = environment.BOURSE_PROMETHEUS;
  if (given !== undefined && given !== "") return given;
  if (await runs(run, "prometheus")) return "prometheus";
  const cached = cachedProgram(environment);
  if (existsSync(cached)) return cached;
  progress("fetching Prometheus from the system's packages: 19 MB, once");
  mkdirSync(dirname(cached), { recursive: true });
  const scratch = mkdtempSync(`${dirname(cached)}/fetching-`);
  // apt fetches as a user of its own, who has to write here.
  chmodSync(scratch, 0o777);
  try {
    const program = await fromDebian(run, scratch, progress);
    if (!(await runs(run, program))) throw missing("the package's program does not run on this machine");
    // Another process may have been faster: its file is as good, and is replaced whole.
    renameSync(program, cached);
    return cached;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Where it is kept: outside the tree, shared by all checkouts. */
export function cachedProgram({ XDG_CACHE_HOME }: PrometheusEnvironment): string {
  return join(XDG_CACHE_HOME || join(homedir(), ".cache"), "bourse", "prometheus", "prometheus");
}

/**
 * Why the alarms can't be fired here, or undefined where they can. In CI there is no such reason: it is thrown, so that
 * nothing is skipped there.
 */
export async function prometheusSkip(options: ProvisionPrometheusOptions): Promise<string | undefined> {
  try {
    await provisionPrometheus(options);
    return undefined;
  } catch (error) {
    if (options.environment.CI === "true" || !(error instanceof PlatformError)) throw error;
    return `there is no Prometheus: ${error.message}`;
  }
}

async function fromDebian(run: Run, folder: string, progress: (line: string) => void): Promise<string> {
  if (!(await runs(run, "apt-get")) || !(await runs(run, "dpkg-deb")))
    throw missing("there is none on the path, and no apt-get to fetch Debian's");
  const fetch = (): Promise<string> => run("apt-get", ["download", "-q", "prometheus"], folder);
  try {
    await fetch();
  } catch {
    progress("the system's lists of packages are missing or old: they are fetched first");
    try {
      await run("apt-get", ["update", "-q"]);
      await fetch();
    } catch (error) {
      throw missing(`apt-get could not fetch it: ${lastLine(error)}`);
    }
  }
  const archive = readdirSync(folder).find((name) => name.endsWith(".deb"));
  if (archive === undefined) throw missing("apt-get left no package behind");
  await run("dpkg-deb", ["-x", archive, "content"], folder);
  return join(folder, "content/usr/bin/prometheus");
}

function missing(what: string): PlatformError {
  return new PlatformError(
    "missing_part",
    `${what}. Any of these helps: a prometheus on the path; its file in BOURSE_PROMETHEUS; on Debian and Ubuntu ` +
      "one run of `apt-get update` as root, after which the tests fetch it by themselves",
  );
}

async function runs(run: Run, program: string): Promise<boolean> {
  return run(program, ["--version"]).then(
    () => true,
    () => false,
  );
}

const onThisMachine: Run = async (program, options, folder) => {
  const { stdout, stderr } = await promisify(execFile)(program, [...options], {
    ...(folder === undefined ? {} : { cwd: folder }),
  });
  return stdout + stderr;
};

function lastLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim().split("\n").at(-1) ?? "";
}
