import {
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Timer } from "@bourse/base";

/** Of a log: what it has then goes to `<name>.log.1`, and of such files the last ones are kept. */
const MAX_LOG_BYTES = 16 * 1024 * 1024;
const KEPT = 3;
const LOOK_EVERY_MS = 30_000;

/**
 * Keeps the logs of folders from growing for ever, from now on until the answered function is called. They are copied and
 * emptied, since a service by itself writes to a descriptor of its parent's, also what Node says of its end.
 */
export function boundLogs(options: {
  readonly folders: readonly string[];
  readonly timer: Timer;
  readonly failed: (error: unknown) => void;
}): () => Promise<void> {
  let running = Promise.resolve();
  const look = (): void => {
    for (const folder of options.folders)
      running = running.then(() => turnLogs(folder)).catch(options.failed);
  };
  look();
  const cancel = options.timer.every(LOOK_EVERY_MS, look);
  return () => {
    cancel();
    return running;
  };
}

/** Empties the logs that have become too long; none where there is no such folder. */
export async function turnLogs(folder: string, maxBytes = MAX_LOG_BYTES): Promise<void> {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    const size = name.endsWith(".log") ? statSync(file).size : 0;
    if (size > maxBytes) await turn(file, size, maxBytes);
  }
}

async function turn(file: string, size: number, maxBytes: number): Promise<void> {
  for (let number = KEPT - 1; number >= 1; number--)
    if (existsSync(`${file}.${number}`)) renameSync(`${file}.${number}`, `${file}.${number + 1}`);
  // Not more of one that grew before anybody looked.
  const start = Math.max(0, size - 2 * maxBytes);
  await pipeline(
    createReadStream(file, { start, end: size - 1 }),
    createWriteStream(`${file}.1`, { mode: 0o600 }),
  );
  const descriptor = openSync(file, "r+");
  try {
    // What was written meanwhile. A line of the microseconds from here on may be lost.
    const rest = Buffer.alloc(fstatSync(descriptor).size - size);
    readSync(descriptor, rest, 0, rest.length, size);
    writeFileSync(`${file}.1`, rest, { flag: "a" });
    ftruncateSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * The last lines of a log, wherever they are by now; none where there is no such log. `fromByte`: of what was written since
 * the log had that length.
 */
export function logEnd(file: string, lines: number, fromByte = 0): string {
  // A shorter one was emptied since.
  const isWhole = existsSync(file) && statSync(file).size >= fromByte;
  const found =
    isWhole && fromByte > 0
      ? linesOf(file, fromByte)
      : [...linesOf(`${file}.1`, isWhole ? 0 : fromByte), ...linesOf(file, 0)];
  return found.slice(-lines).join("\n");
}

function linesOf(file: string, fromByte: number): readonly string[] {
  if (!existsSync(file)) return [];
  const text = readFileSync(file).subarray(fromByte).toString("utf8");
  return text.split("\n").filter((line) => line !== "");
}
