import { accessSync, constants, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lockFolder, makeFolder } from "@bourse/disk";
import type { RunningProcess } from "./platform.ts";
import { PlatformError } from "./platform-error.ts";
import { identified, isRunning, readPlatformFile } from "./run-file.ts";

const OWNER = "owner.json";

/**
 * A data folder is one platform's, or one recovery's (`name` says which), from before anything is started in it until all of it is stopped. The run file can't say
 * so: it is written when a platform is up, and of two that start at once the slower one would adopt the faster one's PostgreSQL
 * and end it with itself. The operating system's lock ends with its process, however that ends. Throws `already_running`.
 * Returns what releases it; a second time it does nothing.
 */
export function lockDataFolder(dataFolder: string, name = "platform"): () => void {
  makeDataFolder(dataFolder);
  const unlock = lockFolder(dataFolder, ({ cause }) => alreadyRunning(dataFolder, { cause }));
  // A platform on Kafka whose first process was killed goes on without it.
  if (readPlatformFile(dataFolder) !== null) {
    unlock();
    throw alreadyRunning(dataFolder);
  }
  const owner = join(dataFolder, OWNER);
  writeFileSync(owner, `${JSON.stringify(identified({ name, pid: process.pid }))}\n`);
  let isLocked = true;
  return () => {
    if (!isLocked) return;
    isLocked = false;
    // It goes while the lock is still held: afterwards it could be the next owner's.
    rmSync(owner, { force: true });
    unlock();
  };
}

/** Throws `missing_part` where there can be no folder, or nothing can be written into it. */
export function makeDataFolder(dataFolder: string): void {
  try {
    makeFolder(dataFolder);
    accessSync(dataFolder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new PlatformError(
      "missing_part",
      `the data folder is ${dataFolder}, allowed is a folder that can be made and written into, by --data or BOURSE_DATA ` +
        `(${(cause as Error).message})`,
      { cause },
    );
  }
}

/** The process that has the folder, whether it is up or still starts; null: nobody has it. */
export function ownerOfDataFolder(dataFolder: string): RunningProcess | null {
  try {
    const owner = JSON.parse(readFileSync(join(dataFolder, OWNER), "utf8")) as RunningProcess;
    return isRunning(owner) ? owner : null;
  } catch {
    return null;
  }
}

export function alreadyRunning(
  dataFolder: string,
  options: { readonly cause?: unknown } = {},
): PlatformError {
  const owner = ownerOfDataFolder(dataFolder);
  return new PlatformError(
    "already_running",
    owner === null || owner.name === "platform"
      ? `a platform runs from ${dataFolder}, or starts there; \`bourse down\` stops it`
      : `${owner.name} runs from ${dataFolder} as process ${owner.pid}: wait for its end`,
    options,
  );
}
