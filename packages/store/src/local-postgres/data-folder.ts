import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { writeOnce } from "@bourse/disk";
import { StoreError } from "../store-error.ts";
import { giveTo, reachableBy, type ServerUser } from "./server-user.ts";

/** Where one local server keeps its things. */
export interface DataFolder {
  /** PostgreSQL's own data folder. */
  readonly data: string;
  readonly log: string;
  readonly socketFolder: string;
  /** Of the superuser `postgres`. */
  readonly password: string;
  readonly folder: string;
  /** The folder that holds `data` and `log`: `folder`, or one that the server's user can reach. */
  readonly place: string;
}

/** The port of the last start, if there was one. */
export function rememberedPort(folder: DataFolder): number | undefined {
  const file = join(folder.folder, PORT_FILE);
  const port = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}

export function rememberPort(folder: DataFolder, port: number): void {
  writeFileSync(join(folder.folder, PORT_FILE), `${port}\n`);
}

/** sun_path holds 108 bytes on Linux, 104 on macOS, with a final NUL. */
const MAX_SOCKET_PATH = 103;
const SOCKET_NAME = "/.s.PGSQL.65535.lock";
const PORT_FILE = "port";
const PLACE = "server";
const POINTER = "data-is-elsewhere";

/** Makes the folders, or finds them again. Idempotent. */
export function openDataFolder(folder: string, user: ServerUser | undefined): DataFolder {
  mkdirSync(folder, { recursive: true });
  const real = realpathSync(resolve(folder));
  const place = placeFor(real, user);
  const socketFolder = socketFolderFor(place, user);
  return {
    data: join(place, "data"),
    log: join(place, "postgres.log"),
    socketFolder,
    password: passwordIn(real),
    folder: real,
    place,
  };
}

/** Removes the data of a stopped server, also what lies elsewhere. */
export function removeDataFolder(folder: string): void {
  for (const path of foldersOf(folder)) rmSync(path, { recursive: true, force: true });
}

/** All that a server has of its own. */
export function foldersOf(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const real = realpathSync(folder);
  // Only the place that is derived from the folder itself: the pointer's text is for people.
  const place = existsSync(join(real, POINTER)) ? elsewhere(real) : join(real, PLACE);
  return [farSocketFolder(place), place, real];
}

function placeFor(folder: string, user: ServerUser | undefined): string {
  const pointer = join(folder, POINTER);
  const moved = existsSync(pointer);
  if (!moved && reachableBy(user, folder)) {
    // The server's user may pass through the folder, not list it.
    if (user !== undefined) chmodSync(folder, (lstatSync(folder).mode & 0o777) | 0o011);
    return ownFolder(join(folder, PLACE), user);
  }
  const place = ownFolder(elsewhere(folder), user);
  if (!moved) writeFileSync(pointer, `${place}\n`);
  return place;
}

function elsewhere(folder: string): string {
  return `/var/tmp/bourse-${hashOf(folder)}`;
}

function socketFolderFor(place: string, user: ServerUser | undefined): string {
  const near = join(place, "socket");
  const far = farSocketFolder(place);
  return ownFolder(Buffer.byteLength(near + SOCKET_NAME) <= MAX_SOCKET_PATH ? near : far, user);
}

function farSocketFolder(place: string): string {
  return `/tmp/bourse-socket-${hashOf(place)}`;
}

/** A folder that only the server's user (and root) may enter; one that someone else has put there is refused. */
function ownFolder(path: string, user: ServerUser | undefined): string {
  try {
    mkdirSync(path, { mode: 0o700 });
    giveTo(user, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  const found = lstatSync(path);
  const owner = user?.uid ?? process.getuid?.() ?? found.uid;
  const unfinished = user !== undefined && found.uid === process.getuid?.();
  if (unfinished) giveTo(user, path);
  if (!found.isDirectory() || (found.uid !== owner && !unfinished)) {
    throw new StoreError("local_server_failed", `${path} belongs to someone else: remove it`, {
      retryable: false,
    });
  }
  return path;
}

function passwordIn(folder: string): string {
  const file = join(folder, "postgres-password");
  // Where another start is faster it is that one's.
  if (!existsSync(file)) writeOnce(file, randomBytes(24).toString("base64url"), { mode: 0o600 });
  return readFileSync(file, "utf8").trim();
}

function hashOf(path: string): string {
  return createHash("sha256").update(path).digest("hex").slice(0, 12);
}
