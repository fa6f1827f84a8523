import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ConsoleError } from "./console-error.ts";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const CACHE = join(ROOT, "node_modules/.cache/bourse-console");
const BUILDER = fileURLToPath(new URL("./build-pages.ts", import.meta.url));
/** What the pages are made of; a test asks the build whether that is all. */
const SOURCES = [
  "apps/console/src/web/**/*",
  "apps/console/src/serve/vite-settings.ts",
  "apps/console/package.json",
  "packages/base/src/**/*.ts",
  "packages/base/package.json",
  "packages/sdk/src/**/*.ts",
  "packages/sdk/package.json",
];
const BUILD_LIMIT_MS = 120_000;
/** Builds of other branches that are kept. */
const KEPT = 4;

export interface BuildOptions {
  /** Told one line where it has to be built; not called where it is there. */
  readonly progress: (line: string) => void;
  /** Where builds are kept, each under the hash of what it was made of. */
  readonly cacheFolder?: string;
}

/**
 * The folder of the built pages: built once for what its sources say, then found again. Throws `ConsoleError`
 * `build_failed`.
 */
export async function builtPages({ progress, cacheFolder = CACHE }: BuildOptions): Promise<string> {
  const folder = join(cacheFolder, sourcesHash());
  if (existsSync(join(folder, "index.html"))) return folder;
  progress("building the console's pages, once");
  try {
    mkdirSync(cacheFolder, { recursive: true });
    const scratch = mkdtempSync(join(cacheFolder, "building-"));
    try {
      await promisify(execFile)(process.execPath, [BUILDER, scratch], {
        cwd: ROOT,
        timeout: BUILD_LIMIT_MS,
        env: { ...process.env, NODE_ENV: "production" },
      });
      putInPlace(scratch, folder);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
    removeOld(cacheFolder, folder);
    return folder;
  } catch (cause) {
    throw new ConsoleError("build_failed", `the console's pages could not be built: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

/** Another process may have been faster: its pages are the same ones. */
function putInPlace(scratch: string, folder: string): void {
  try {
    renameSync(scratch, folder);
  } catch (error) {
    if (!existsSync(join(folder, "index.html"))) throw error;
  }
}

/** Paths from the repository's root, in order. */
export function pageSources(): readonly string[] {
  const files = globSync(SOURCES, { cwd: ROOT }).filter(
    (file) => !file.endsWith(".test.ts") && statSync(join(ROOT, file)).isFile(),
  );
  return files.sort();
}

function sourcesHash(): string {
  const hash = createHash("sha256");
  for (const file of pageSources())
    hash
      .update(file)
      .update("\0")
      .update(readFileSync(join(ROOT, file)));
  return hash.digest("hex").slice(0, 20);
}

function removeOld(cacheFolder: string, current: string): void {
  const builds = readdirSync(cacheFolder)
    .map((name) => join(cacheFolder, name))
    .filter((path) => path !== current)
    .sort((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs);
  for (const path of builds.slice(KEPT)) rmSync(path, { recursive: true, force: true });
}

function reasonOf(cause: unknown): string {
  const { stderr, message } = cause as { readonly stderr?: string; readonly message?: string };
  const said = (stderr ?? "").trim() || (message ?? String(cause));
  return said.split("\n").slice(0, 6).join("\n");
}
