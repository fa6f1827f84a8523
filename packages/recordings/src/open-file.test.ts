import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { openFile, openInZip } from "./open-file.ts";
import { openRecording } from "./open-recording.ts";

const TEXT = "type,side,ioc,qty,seq,order_id,price_ticks\nN,0,0,26,0,7,33683\nC,0,0,26,1,7,33683\n";
/** The same text, written by xz. */
const XZ = Buffer.from(
  "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4ABQAENdADoeSkQC0M/dEaD/9KFHW6CZ5qZfVB9h3D9RM2quGrGMvuGNpJebz6zsbXgvjjMUF8Bwejn56ARi3Ic2zf/UQoZceAAAAMgCU3RDZDy1AAFfUdKVyQEftvN9AQAAAAAEWVo=",
  "base64",
);

function file(t: TestContext, name: string, bytes: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), "bourse-recordings-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function textOf(path: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of openFile(path)) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks).toString();
}

describe("a file", () => {
  for (const [name, bytes] of [
    ["a.csv", TEXT],
    ["a.csv.gz", gzipSync(TEXT)],
    ["a.csv.xz", XZ],
  ] as const) {
    it(`is read by its name: ${name}`, async (t) => {
      assert.equal(await textOf(file(t, name, bytes)), TEXT);
    });
  }

  for (const [what, name, bytes] of [
    ["cut short", "a.csv.gz", gzipSync(TEXT).subarray(0, 40)],
    ["cut short", "a.csv.xz", XZ.subarray(0, 60)],
    ["without its last bytes", "a.csv.xz", XZ.subarray(0, XZ.length - 4)],
    ["empty", "a.csv.xz", ""],
    ["empty", "a.csv.gz", ""],
    ["plain text", "a.csv.xz", TEXT],
    ["plain text", "a.csv.gz", TEXT],
    ["flipped somewhere", "a.csv.xz", XZ.map((byte, index) => (index === 50 ? byte ^ 1 : byte))],
  ] as const) {
    it(`that is ${what} ends with an error that names it: ${name}`, async (t) => {
      await assert.rejects(
        textOf(file(t, name, bytes)),
        /^RecordingError: a\.csv\.[gx]z is damaged, cut short or not/,
      );
    });
  }

  for (const bytes of ["", TEXT, gzipSync(TEXT)]) {
    it(`that is no .zip is named: ${bytes.length} bytes`, async (t) => {
      const path = file(t, "a.zip", bytes);
      const words = /^RecordingError: a\.zip is damaged, cut short or not/;
      await assert.rejects(openRecording(path), words);
      await assert.rejects(openInZip(path, /csv$/), words);
    });
  }

  it("without anything in it is no engine stream", async (t) => {
    const { commands } = await openRecording(file(t, "a.csv", ""));
    await assert.rejects(
      commands[Symbol.asyncIterator]().next(),
      /line 1: the header is ""; allowed is "cmd,/,
    );
  });

  it("that is not there is named", () => {
    assert.throws(() => openFile("/nowhere/a.csv"), /^RecordingError: \/nowhere\/a.csv does not exist$/);
    assert.throws(() => openFile(tmpdir()), /^RecordingError: .* is no file$/);
  });
});
