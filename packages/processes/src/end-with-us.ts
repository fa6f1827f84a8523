import { type ChildProcess, spawn } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import type { Writable } from "node:stream";
import { fileURLToPath } from "node:url";

/** What the watcher is told, a line of JSON each. */
export type Told =
  | { readonly id: number; readonly pid: number; readonly signal: NodeJS.Signals }
  | { readonly id: number; readonly folder: string }
  | { readonly id: number; readonly isOver: true };

/**
 * When this process is gone, however it has ended, killed too, the child that it starts here gets the signal, and SIGKILL where
 * it does not end in time. `letGoOn` takes that back.
 */
export function endsWithUs<Child extends ChildProcess>(
  signal: NodeJS.Signals,
  start: () => Child,
): { readonly child: Child; readonly letGoOn: () => void } {
  // Before it: a watcher takes some milliseconds to start, and this process may be killed in them.
  watcher ??= startWatcher();
  const child = start();
  return { child, letGoOn: tellOf(child, signal) };
}

function tellOf(child: ChildProcess, signal: NodeJS.Signals): () => void {
  const { pid } = child;
  if (pid === undefined) return () => undefined;
  const release = watched((id) => ({ id, pid, signal }));
  // From then on its number may be another's.
  child.once("exit", release);
  return release;
}

/** The folder is removed when this process is gone and all that ends with it has ended. Returns what lets it stay. */
export function removedWithUs(folder: string): () => void {
  return watched((id) => ({ id, folder }));
}

/** What this process starts from now on ends with it, by SIGTERM, so that it may end in turn what it has started. */
export function childrenEndWithUs(): void {
  if (watchedIds.has(CHILDREN)) return;
  // Most are gone soon: one watcher for all of them.
  watchedIds.add(CHILDREN);
  subscribe("child_process", (message) => {
    const { process: child } = message as { readonly process: ChildProcess };
    child.once("spawn", () => {
      if (child !== watcher) tellOf(child, "SIGTERM");
    });
  });
}

const WATCHER = fileURLToPath(new URL("./watcher.ts", import.meta.url));
const watchedIds = new Set<number>();
const CHILDREN = 0;
let lastId = CHILDREN;
let watcher: ChildProcess | undefined;

/** The watcher runs as long as there is something for it to end. */
function watched(toldOf: (id: number) => Told): () => void {
  const id = ++lastId;
  watchedIds.add(id);
  watcher ??= startWatcher();
  tell(watcher, toldOf(id));
  return () => {
    if (!watchedIds.delete(id) || watcher === undefined) return;
    tell(watcher, { id, isOver: true });
    if (watchedIds.size > 0) return;
    watcher.stdin?.end();
    watcher = undefined;
  };
}

function tell({ stdin }: ChildProcess, told: Told): void {
  stdin?.write(`${JSON.stringify(told)}\n`);
}

/** It reads a pipe, whose other end the operating system closes when this process is gone. */
function startWatcher(): ChildProcess {
  // In a group of its own: what ends this one's must leave it. Options of Node in the environment are for us.
  const child = spawn(process.execPath, [WATCHER], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    env: {},
  });
  child.unref();
  const pipe = child.stdin as Writable & { unref(): void };
  pipe.unref();
  // This process goes on where somebody has killed it.
  for (const each of [child, pipe]) each.on("error", () => undefined);
  return child;
}
