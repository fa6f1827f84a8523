import { chownSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** Whom the server runs as. PostgreSQL refuses root. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** Started by root, the server runs as `postgres` where the machine has that user, else as `nobody`; otherwise as who we are. */
export function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  return account("postgres") ?? account("nobody") ?? { uid: 65534, gid: 65534 };
}

function account(name: string): ServerUser | undefined {
  let accounts: string;
  try {
    accounts = readFileSync("/etc/passwd", "utf8");
  } catch {
    return undefined;
  }
  const fields = accounts
    .split("\n")
    .map((line) => line.split(":"))
    .find((line) => line[0] === name);
  const uid = Number(fields?.[2]);
  const gid = Number(fields?.[3]);
  return fields !== undefined && uid > 0 && gid > 0 ? { uid, gid } : undefined;
}

/** Gives a file or folder to the server's user. */
export function giveTo(user: ServerUser | undefined, path: string): void {
  if (user !== undefined) chownSync(path, user.uid, user.gid);
}

/** Whether the user may pass through every folder down to `path`; `path` itself must exist. */
export function reachableBy(user: ServerUser | undefined, path: string): boolean {
  if (user === undefined) return true;
  let folder = dirname(realpathSync(path));
  for (;;) {
    if (!mayPass(user, folder)) return false;
    const parent = dirname(folder);
    if (parent === folder) return true;
    folder = parent;
  }
}

function mayPass(user: ServerUser, folder: string): boolean {
  const { mode, uid, gid } = statSync(folder);
  const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
  return (mode & bit) !== 0;
}
