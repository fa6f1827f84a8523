import { existsSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import yauzl from "yauzl";
import { readEngineStream } from "./engine-stream.ts";
import { readLobster } from "./lobster.ts";
import { lobsterFlow } from "./lobster-flow.ts";
import { damaged, openFile } from "./open-file.ts";
import type { RecordedCommand } from "./recorded-command.ts";
import { RecordingError } from "./recording-error.ts";

export interface Recording {
  readonly format: "engine-stream" | "lobster";
  /** What the file's name begins with: the ticker, by the custom of both formats. */
  readonly ticker: string;
  readonly commands: AsyncIterable<RecordedCommand>;
}

/**
 * Opens recorded order flow by its name:
 * an engine-stream `*.csv`, plain, .gz or .xz; a LOBSTER message file (`*message*.csv`, plain, .gz or .xz) with its orderbook file
 * beside it or named by `bookPath`; a LOBSTER `*.zip` holding both. Throws {@link RecordingError} when it is neither.
 */
export async function openRecording(path: string, bookPath?: string): Promise<Recording> {
  if (!existsSync(path)) throw new RecordingError(0, `${path} does not exist`, "file");
  const name = basename(path);
  const ticker = (/^[A-Za-z0-9.]+/.exec(name)?.[0] ?? "REC").toUpperCase();
  if (name.endsWith(".zip"))
    return { format: "lobster", ticker: tickerInZip(name) ?? ticker, commands: await fromZip(path) };
  if (!/\.csv(\.gz|\.xz)?$/.test(name)) {
    throw new RecordingError(
      0,
      `${name} is no recording; allowed are .csv, .csv.gz, .csv.xz and LOBSTER .zip files`,
      "file",
    );
  }
  if (!/message/.test(name))
    return { format: "engine-stream", ticker, commands: readEngineStream(openFile(path)) };
  const books = bookPath ?? join(dirname(path), name.replace("message", "orderbook"));
  if (!existsSync(books))
    throw new RecordingError(
      0,
      `${name} needs its orderbook file; ${basename(books)} does not exist`,
      "file",
    );
  return {
    format: "lobster",
    ticker,
    commands: lobsterFlow(readLobster(openFile(path), openFile(books))),
  };
}

function tickerInZip(name: string): string | undefined {
  return /LOBSTER_SampleFile_([A-Za-z0-9.]+)_/.exec(name)?.[1]?.toUpperCase();
}

async function fromZip(path: string): Promise<AsyncIterable<RecordedCommand>> {
  if (!statSync(path).isFile()) throw new RecordingError(0, `${path} is no file`, "file");
  let zip: yauzl.ZipFile | undefined;
  try {
    zip = await yauzl.openPromise(path, { autoClose: false });
    return closing(path, zip, lobsterFlow(await filesOf(path, zip)));
  } catch (error) {
    zip?.close();
    throw damaged(path, error);
  }
}

async function filesOf(path: string, zip: yauzl.ZipFile): Promise<ReturnType<typeof readLobster>> {
  let messages: yauzl.Entry | undefined;
  let books: yauzl.Entry | undefined;
  for await (const entry of zip.eachEntry()) {
    if (/message.*\.csv$/.test(entry.fileName)) messages = entry;
    if (/orderbook.*\.csv$/.test(entry.fileName)) books = entry;
  }
  if (messages === undefined || books === undefined) {
    throw new RecordingError(0, `${basename(path)} has no message and orderbook file`, "file");
  }
  return readLobster(await zip.openReadStreamPromise(messages), await zip.openReadStreamPromise(books));
}

async function* closing(
  path: string,
  zip: yauzl.ZipFile,
  commands: AsyncIterable<RecordedCommand>,
): AsyncGenerator<RecordedCommand> {
  try {
    yield* commands;
  } catch (error) {
    throw damaged(path, error);
  } finally {
    zip.close();
  }
}
