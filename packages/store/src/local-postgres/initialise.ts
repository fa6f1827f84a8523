import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StoreError } from "../store-error.ts";
import type { Binaries } from "./binaries.ts";
import type { DataFolder } from "./data-folder.ts";
import { giveTo, type ServerUser } from "./server-user.ts";

/**
 * Makes the data folder on first use, or checks that these programs can read it. Made aside and renamed, so that a
 * crash or a second start in between leaves either none or a whole one.
 */
export async function initialise(
  binaries: Binaries,
  folder: DataFolder,
  user: ServerUser | undefined,
  progress: ((line: string) => void) | undefined,
): Promise<void> {
  const version = join(folder.data, "PG_VERSION");
  if (existsSync(version)) {
    const major = readFileSync(version, "utf8").trim();
    if (major === binaries.major) return;
    throw new StoreError(
      "local_server_failed",
      `the data in ${folder.data} is of PostgreSQL ${major}, and the programs found are ${binaries.major}`,
      { retryable: false },
    );
  }
  progress?.(`making a PostgreSQL ${binaries.major} database in ${folder.place} (first start, some seconds)`);
  const work = mkdtempSync(join(folder.place, "new-"));
  giveTo(user, work);
  const passwordFile = join(work, "password");
  writeFileSync(passwordFile, folder.password, { mode: 0o600 });
  giveTo(user, passwordFile);
  const fresh = join(work, "data");
  await run(binaries.initdb, initdbArguments(fresh, passwordFile), user, work);
  try {
    renameSync(fresh, folder.data);
  } catch (error) {
    if (!existsSync(version)) throw error;
  }
  rmSync(work, { recursive: true, force: true });
}

/** Passwords also on the socket: the roles of services are kept apart by them (R13). */
function initdbArguments(data: string, passwordFile: string): readonly string[] {
  return [
    `--pgdata=${data}`,
    "--username=postgres",
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    // A new segment is filled with zeros while every commit waits: 50 ms for the usual 16 MB, every few seconds under load.
    "--wal-segsize=1",
  ];
}

function run(
  program: string,
  args: readonly string[],
  user: ServerUser | undefined,
  cwd: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      ...user,
      env: plainEnvironment(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    const hear = (chunk: Buffer): void => {
      said = (said + chunk.toString()).slice(-4_000);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("error", (cause) => {
      reject(new StoreError("local_server_failed", `${program} can't run`, { retryable: false, cause }));
    });
    child.once("close", (code) => {
      if (code === 0) resolve();
      else
        reject(new StoreError("local_server_failed", `initdb failed: ${said.trim()}`, { retryable: false }));
    });
  });
}

/** Nothing of ours reaches the server: no PG* variables, no locale, no secrets. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH ?? "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };
}
