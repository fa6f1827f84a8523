import { createHmac, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { newMachineKey } from "@bourse/auth";
import { writeOnce } from "@bourse/disk";
import type { Environment } from "@bourse/host";
import { makeDataFolder } from "./folder-lock.ts";
import { newId } from "./machine.ts";
import { PlatformError } from "./platform-error.ts";

/** The form of what is in a data folder. Another one is refused, never guessed at. */
const DATA_VERSION = 1;
/** For its owner's eyes. */
const FOR_OWNER = { mode: 0o600 };
/** Likewise: the log has everybody's orders and balances. The folder itself may have to be passed by PostgreSQL's user. */
const FOLDER_FOR_OWNER = { recursive: true, mode: 0o700 };

/** Everything of a platform that survives a stop. */
export interface DataFolder {
  readonly path: string;
  /** The first operator's: that of the environment, else the one that the folder keeps. */
  readonly operatorKey: string;
  /** True where this call made the folder. */
  readonly created: boolean;
  /** Secrets of the installation, each derived from one. */
  secret(name: string): string;
  /** A folder inside, made where it is missing. */
  folder(name: string): string;
}

/** Opens a data folder or makes it. Throws `PlatformError` `data_version` for one of another version. */
export function openDataFolder(path: string, env: Environment = {}): DataFolder {
  makeDataFolder(path);
  const created = !existsSync(join(path, "data.json")) && create(path);
  const { version, secret } = readData(path);
  if (version !== DATA_VERSION) {
    throw new PlatformError(
      "data_version",
      `the data in ${path} is of version ${String(version)}, this platform reads version ${DATA_VERSION}. ` +
        "Run the version that made it, or give another folder with --data, or remove it with `bourse reset`.",
    );
  }
  return {
    path,
    created,
    operatorKey: env.BOURSE_OPERATOR_KEY || readOperatorKey(join(path, "operator.key")),
    secret: (name) => createHmac("sha256", String(secret)).update(name).digest("hex"),
    folder: (name) => {
      const folder = join(path, name);
      mkdirSync(folder, FOLDER_FOR_OWNER);
      return folder;
    },
  };
}

/** Several processes may be at it, such as instances of a processor: what the first one writes is everybody's. */
function create(path: string): boolean {
  writeOnce(join(path, "operator.key"), `${newMachineKey(newId)}\n`, FOR_OWNER);
  const secret = randomBytes(32).toString("hex");
  return writeOnce(
    join(path, "data.json"),
    `${JSON.stringify({ version: DATA_VERSION, secret })}\n`,
    FOR_OWNER,
  );
}

function readData(path: string): { readonly version: unknown; readonly secret: unknown } {
  const file = join(path, "data.json");
  try {
    return JSON.parse(readFileSync(file, "utf8")) as { version: unknown; secret: unknown };
  } catch (cause) {
    throw new PlatformError("data_version", `${file} can't be read: ${(cause as Error).message}`, { cause });
  }
}

/** The platform knows its hash alone, so it can't be written anew. */
function readOperatorKey(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw new PlatformError(
      "missing_part",
      `${file} can't be read: ${(cause as Error).message}. It holds the operator's key: put it back, from a backup`,
      { cause },
    );
  }
}
