import { createReadStream, existsSync, statSync } from "node:fs";
import { basename } from "node:path";
import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import xz from "xz-decompress";
import yauzl from "yauzl";
import { RecordingError } from "./recording-error.ts";

/**
 * The bytes of a file, decompressed by its name: plain, .gz or .xz. Streamed: nothing holds the whole file. A file that is
 * damaged or cut short ends the stream with a {@link RecordingError}.
 */
export function openFile(path: string): Readable {
  if (!existsSync(path)) throw new RecordingError(0, `${path} does not exist`, "file");
  if (!statSync(path).isFile()) throw new RecordingError(0, `${path} is no file`, "file");
  const file = createReadStream(path);
  if (path.endsWith(".gz")) return decompressed(path, file, file.pipe(createGunzip()));
  if (path.endsWith(".xz")) return decompressed(path, file, unpacked(file));
  return file;
}

function unpacked(file: Readable): Readable {
  // Both know web streams; their declarations are of different places.
  const packed = Readable.toWeb(file) as unknown as ReadableStream<Uint8Array>;
  const plain = new xz.XzReadableStream(packed);
  return Readable.fromWeb(plain as unknown as Parameters<typeof Readable.fromWeb>[0]);
}

function decompressed(path: string, file: Readable, plain: Readable): Readable {
  file.on("error", (error) => plain.destroy(error));
  return Readable.from(chunksOf(path, plain), { objectMode: false });
}

async function* chunksOf(path: string, plain: Readable): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of plain) yield chunk;
  } catch (error) {
    throw damaged(path, error);
  }
}

/** Whatever unpacking finds wrong is a fault of the file; what its reader has found wrong is told already. */
export function damaged(path: string, error: unknown): RecordingError {
  if (error instanceof RecordingError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new RecordingError(
    0,
    `${basename(path)} is damaged, cut short or not what its name says (${why})`,
    "file",
  );
}

/** The bytes of the first file in a .zip whose name matches; the zip is closed when the stream ends. */
export async function openInZip(path: string, name: RegExp): Promise<Readable> {
  if (!existsSync(path)) throw new RecordingError(0, `${path} does not exist`, "file");
  let zip: yauzl.ZipFile | undefined;
  try {
    zip = await yauzl.openPromise(path, { autoClose: false });
    const opened = zip;
    for await (const entry of zip.eachEntry()) {
      if (!name.test(entry.fileName)) continue;
      const stream = await zip.openReadStreamPromise(entry);
      return stream.once("close", () => opened.close());
    }
  } catch (error) {
    zip?.close();
    throw damaged(path, error);
  }
  zip.close();
  throw new RecordingError(0, `${basename(path)} has no file whose name matches ${name}`, "file");
}
