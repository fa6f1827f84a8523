import assert from "node:assert/strict";
import { test } from "node:test";
import { WireWriter } from "./wire-writer.ts";

/** Code and body of each message; the length between them is found right. */
function messages(bytes: Buffer): readonly (readonly [string, Buffer])[] {
  const found: (readonly [string, Buffer])[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readInt32BE(at + 1);
    found.push([String.fromCharCode(bytes[at] ?? 0), bytes.subarray(at + 5, at + 1 + length)]);
    at += 1 + length;
  }
  return found;
}

/** The values of a Bind message, with their formats. */
function boundValues(body: Buffer): readonly (readonly [number, string | null])[] {
  let at = body.indexOf(0, 1) + 1;
  const formats = Array.from({ length: body.readInt16BE(at) }, (_, nth) =>
    body.readInt16BE(at + 2 + 2 * nth),
  );
  at += 2 + 2 * formats.length;
  assert.equal(body.readInt16BE(at), formats.length);
  at += 2;
  const values = formats.map((format): readonly [number, string | null] => {
    const length = body.readInt32BE(at);
    at += 4;
    if (length === -1) return [format, null];
    at += length;
    return [format, body.toString("utf8", at - length, at)];
  });
  assert.deepEqual([...body.subarray(at)], [0, 1, 0, 0], "all results as text");
  return values;
}

test("messages follow each other as the protocol has them", () => {
  const writer = new WireWriter();
  writer.close("n");
  writer.parse("n", "SELECT 'ü'");
  writer.describe("n");
  writer.execute();
  writer.copyDone();
  writer.sync();
  const written = messages(writer.take()).map(([code, body]) => [code, body.toString("utf8")]);
  assert.deepEqual(written, [
    ["C", "Sn\0"],
    ["P", "n\0SELECT 'ü'\0\0\0"],
    ["D", "Sn\0"],
    ["E", "\0\0\0\0\0"],
    ["c", ""],
    ["S", ""],
  ]);
  assert.equal(writer.take().length, 0);
});

test("values of all kinds and lengths are bound, also where the buffer grows in between", () => {
  const writer = new WireWriter();
  const long = "ü€😀".repeat(50_000);
  const values = [
    "",
    "a",
    "ü",
    "x".repeat(48),
    "é".repeat(48),
    "y".repeat(70_000),
    long,
    -1.5,
    2n ** 80n,
    true,
    null,
  ];
  for (let round = 0; round < 3; round++) {
    writer.bind("statement", [...values, new Uint8Array([65, 66])]);
    const [[code, body] = ["", Buffer.alloc(0)]] = messages(writer.take());
    assert.equal(code, "B");
    assert.equal(body.toString("latin1", 0, 11), "\0statement\0");
    const texts = values.map((value) => (value === true ? "t" : value === null ? null : String(value)));
    assert.deepEqual(boundValues(body), [...texts.map((text) => [0, text]), [1, "AB"]]);
  }
});

test("a message that was not finished is forgotten", () => {
  const writer = new WireWriter();
  assert.throws(() => writer.bind("s", ["a", undefined as never]));
  writer.clear();
  writer.sync();
  assert.deepEqual([...writer.take()], [0x53, 0, 0, 0, 4]);
});
