import { basename } from "node:path";
import type { Readable } from "node:stream";
import { openFile, openInZip } from "../open-file.ts";
import { RecordingError } from "../recording-error.ts";
import type { RecordedTrade } from "./recorded-trade.ts";
import { readTradesCapture } from "./trades-capture.ts";
import { readTradesCsv } from "./trades-csv.ts";
import { readTradesLobster } from "./trades-lobster.ts";

/**
 * Opens recorded trades, plain, .gz or .xz, by name and first bytes: a LOBSTER message file or its .zip (`message` in the
 * name), a capture of a venue's socket (lines of a time and JSON), else a CSV with a header. `symbol` is for files that
 * name none; without it, what the file's name begins with. Throws {@link RecordingError}, also while it is read.
 */
export async function openTrades(path: string, symbol?: string): Promise<AsyncIterable<RecordedTrade>> {
  const name = basename(path);
  const lobster = { symbol: symbol ?? tickerOf(name), dayMs: dayOf(name) };
  if (name.endsWith(".zip")) return readTradesLobster(await openInZip(path, /message.*\.csv$/), lobster);
  const { first, stream } = await begun(openFile(path));
  if (first === "") throw new RecordingError(0, `${name} is empty`, "file");
  if (/message/.test(name)) return readTradesLobster(stream, lobster);
  if (/^([0-9]+(\.[0-9]+)?:? \{|(wss?|https?):\/\/)/.test(first)) return readTradesCapture(stream);
  return readTradesCsv(stream, symbol ?? tickerOf(name));
}

function tickerOf(name: string): string {
  const sample = /LOBSTER_SampleFile_([A-Za-z0-9.]+)_/.exec(name)?.[1];
  return (sample ?? /^[A-Za-z0-9.-]*[A-Za-z0-9]/.exec(name.replace(/(\.[a-z0-9]+)+$/, ""))?.[0] ?? "REC")
    .toUpperCase()
    .slice(0, 32);
}

/** The day in the file's name; without one times count from the epoch. */
function dayOf(name: string): number {
  const day = /[0-9]{4}-[0-9]{2}-[0-9]{2}/.exec(name)?.[0];
  const dayMs = day === undefined ? 0 : Date.parse(`${day}T00:00:00.000Z`);
  return Number.isNaN(dayMs) ? 0 : dayMs;
}

const LOOKED_AT = 64;

/** The first characters of a stream, which is put back. */
async function begun(stream: Readable): Promise<{ readonly first: string; readonly stream: Readable }> {
  const first = await new Promise<Buffer | null>((resolve, reject) => {
    const done = (): void => {
      stream.off("readable", look).off("end", look).off("error", reject);
    };
    const look = (): void => {
      done();
      resolve(stream.read() as Buffer | null);
    };
    stream.once("readable", look).once("end", look).once("error", reject);
  });
  if (first === null) return { first: "", stream };
  stream.unshift(first);
  return { first: Buffer.from(first).toString("utf8", 0, LOOKED_AT), stream };
}
