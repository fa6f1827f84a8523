import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join } from "node:path";
import { promisify } from "node:util";
import { scratchBeside } from "@bourse/disk";
import { PlatformError } from "../platform-error.ts";

/** A server that tests run and that Debian and Ubuntu have a package of. */
export interface DebianProgram {
  readonly title: string;
  /** The package's, and the program's on the path. */
  readonly name: string;
  /** In the package. */
  readonly file: string;
  /** The variable that names a program which is there anyway. */
  readonly variable: string;
  /** How much is fetched. */
  readonly megabytes: number;
  /** Whether the packages that it depends on and that the machine lacks are fetched too, for their libraries. */
  readonly needsLibraries: boolean;
}

/** What of the environment decides which program the tests use; with the program's own variable. */
export interface ProgramEnvironment {
  readonly XDG_CACHE_HOME?: string | undefined;
  readonly CI?: string | undefined;
  readonly [variable: string]: string | undefined;
}

export interface ProvisionProgramOptions {
  readonly environment: ProgramEnvironment;
  /** Told one line when something is fetched; not called when it is there. */
  readonly progress?: (line: string) => void;
  /** Runs a program in a folder. Default: the machine does. */
  readonly run?: Run;
}

/** Resolves with what the program printed; rejects where it can't be run or fails. */
export type Run = (program: string, options: readonly string[], folder?: string) => Promise<string>;

/**
 * The program to run: the one of its variable, that on the path, that in the cache, or Debian's, which is taken out of
 * its packages with the libraries it needs; nothing is installed. Throws `missing_part` saying what would help.
 */
export async function provisionProgram(
  program: DebianProgram,
  options: ProvisionProgramOptions,
): Promise<string> {
  const { environment, progress = () => undefined, run = onThisMachine } = options;
  const given = environment[program.variable];
  if (given !== undefined && given !== "") return given;
  if (await runs(run, program.name)) return program.name;
  const cached = cachedProgram(program, environment);
  if (existsSync(cached) && (await runs(run, cached))) return cached;
  const scratch = scratchBeside(cached, (reason) => missing(program, reason));
  progress(`fetching ${program.title} from the system's packages: ${program.megabytes} MB, once`);
  // apt fetches as a user of its own, who has to write here.
  chmodSync(scratch, 0o777);
  try {
    const content = await fromDebian(program, run, scratch, progress);
    const kept = gathered(program, content, join(scratch, "kept"));
    if (!(await runs(run, join(kept, program.name))))
      throw missing(program, "the package's program does not run on this machine");
    moveIn(kept, cached);
    return cached;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Where it is kept: outside the tree, shared by all checkouts. */
export function cachedProgram(
  { name }: Pick<DebianProgram, "name">,
  { XDG_CACHE_HOME }: ProgramEnvironment,
): string {
  return join(XDG_CACHE_HOME || join(homedir(), ".cache"), "bourse", name, name);
}

/**
 * Why a test can't have the program here, or undefined where it can. In CI there is no such reason: it is thrown, so
 * that nothing is skipped there.
 */
export async function programSkip(
  program: DebianProgram,
  options: ProvisionProgramOptions,
): Promise<string | undefined> {
  try {
    await provisionProgram(program, options);
    return undefined;
  } catch (error) {
    if (options.environment.CI === "true" || !(error instanceof PlatformError)) throw error;
    return error.message;
  }
}

/** What to add to the environment of a program: the libraries that came with it lie beside it. */
export function withLibraries(program: string): { readonly LD_LIBRARY_PATH?: string } {
  return isAbsolute(program) ? { LD_LIBRARY_PATH: dirname(program) } : {};
}

/** Resolves to the folder with the content of all packages. */
async function fromDebian(
  program: DebianProgram,
  run: Run,
  folder: string,
  progress: (line: string) => void,
): Promise<string> {
  if (!(await runs(run, "apt-get")) || !(await runs(run, "dpkg-deb")))
    throw missing(program, "none is on the path, and no apt-get is there to fetch Debian's");
  const fetch = async (): Promise<void> => {
    const names = program.needsLibraries ? await lackingPackages(program, run) : [program.name];
    await run("apt-get", ["download", "-q", ...names], folder);
  };
  try {
    await fetch();
  } catch {
    progress("the system's lists of packages are missing or old: they are fetched first");
    try {
      await run("apt-get", ["update", "-q"]);
      await fetch();
    } catch (error) {
      throw missing(program, `apt-get could not fetch it: ${lastLine(error)}`);
    }
  }
  const archives = readdirSync(folder).filter((name) => name.endsWith(".deb"));
  if (archives.length === 0) throw missing(program, "apt-get left no package behind");
  for (const archive of archives) await run("dpkg-deb", ["-x", archive, "content"], folder);
  return join(folder, "content");
}

/** The package and those it depends on that are not installed: what apt would install. Wants no root. */
async function lackingPackages({ name }: DebianProgram, run: Run): Promise<readonly string[]> {
  const plan = await run("apt-get", ["install", "-s", "-q", "--no-install-recommends", name]);
  return [...plan.matchAll(/^Inst (\S+)/gm)].map(([, lacking = ""]) => lacking);
}

/** The program and its libraries in one folder, whatever their folders in the packages were. */
function gathered({ name, file }: DebianProgram, content: string, kept: string): string {
  mkdirSync(kept);
  for (const entry of readdirSync(content, { recursive: true, withFileTypes: true })) {
    if (!entry.isDirectory() && /\.so(\.|$)/.test(entry.name))
      renameSync(join(entry.parentPath, entry.name), join(kept, entry.name));
  }
  renameSync(join(content, file), join(kept, name));
  return kept;
}

/**
 * The program comes last: where it is, its libraries are. Another process may have been faster: its files are as good,
 * and each is replaced whole.
 */
function moveIn(kept: string, cached: string): void {
  const libraries = readdirSync(kept).filter((name) => name !== basename(cached));
  for (const name of [...libraries, basename(cached)])
    renameSync(join(kept, name), join(dirname(cached), name));
}

function missing({ title, name, variable }: DebianProgram, what: string): PlatformError {
  return new PlatformError(
    "missing_part",
    `there is no ${title}: ${what}. Any of these helps: a ${name} on the path; its file in ${variable}; on Debian and Ubuntu ` +
      "one run of `apt-get update` as root, after which the tests fetch it by themselves",
  );
}

/** Old ClickHouse does not know the option and ends with a code of its own: then it runs too. */
async function runs(run: Run, program: string): Promise<boolean> {
  return run(program, ["--version"]).then(
    () => true,
    ({ code }: { readonly code?: unknown }) => typeof code === "number" && code !== LIBRARY_MISSING,
  );
}

/** With which the loader ends a program. */
const LIBRARY_MISSING = 127;

const onThisMachine: Run = async (program, options, folder) => {
  const { stdout, stderr } = await promisify(execFile)(program, [...options], {
    env: { ...process.env, ...withLibraries(program) },
    ...(folder === undefined ? {} : { cwd: folder }),
  });
  return stdout + stderr;
};

function lastLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim().split("\n").at(-1) ?? "";
}
