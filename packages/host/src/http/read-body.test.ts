import assert from "node:assert/strict";
import { test } from "node:test";
import { nestsDeeperThan, readBody } from "./read-body.ts";
import { shortened } from "./shortened.ts";

const read = (text: string) => readBody(Buffer.from(text));

function fault(text: string | Buffer): { field: string; given: string; allowed: string } {
  const result = readBody(Buffer.from(text));
  assert.ok("fault" in result, "the body was refused");
  return result.fault;
}

test("JSON is read; of duplicate keys the last one counts", () => {
  assert.deepEqual(read('{"a":1,"a":2}'), { value: { a: 2 } });
  assert.deepEqual(read('"\\\\u0000"'), { value: "\\u0000" }, "an escaped backslash is no NUL");
  assert.deepEqual(read('{"a":"\\u0041\\u00e9"}'), { value: { a: "Aé" } });
});

test("what is not JSON is named and where it breaks off", () => {
  assert.match(fault('{"a":').allowed, /^JSON \(/);
  assert.match(fault("").allowed, /^JSON \(/);
  assert.match(fault("NaN").allowed, /^JSON \(/);
});

test("NUL characters are refused wherever they stand", () => {
  for (const text of ['"\\u0000"', '{"a":["b\\u0000"]}', '{"a\\u0000":1}']) {
    assert.match(fault(text).allowed, /without NUL/, text);
  }
  assert.match(fault('{"a":"\u0000"}').allowed, /^JSON/, "bare control characters are no JSON");
});

test("half of a surrogate pair is refused wherever it stands, and its field is named", () => {
  for (const [text, field] of [
    ['"\\ud800"', "body"],
    ['{"a":{"items":[1,{"remark":"x\\uDC00y"}]}}', "a.items[1].remark"],
    ['{"a":["\\ude00\\ud83d"]}', "a[0]"],
    ['{"a\\uDBFF":1}', "body"],
  ] as const) {
    assert.match(fault(text).allowed, /without halves of surrogate pairs/, text);
    assert.equal(fault(text).field, field, text);
  }
  assert.deepEqual(read('{"a":"\\ud83d\\ude00"}'), { value: { a: "😀" } }, "a whole pair is a character");
});

test("a fault at any depth is named in few words", () => {
  const deep = `${"[".repeat(30_000)}"\\u0000"${"]".repeat(30_000)}`;
  assert.equal(fault(deep).field.length, 200);
});

test("the key __proto__ is refused, however it is written, and nothing is polluted", () => {
  for (const text of [
    '{"__proto__":{"admin":true}}',
    '{"a":[{"\\u005f_proto__":1}]}',
    '{"_\\u005fproto\\u005f_":1}',
  ]) {
    assert.equal(fault(text).field, "__proto__", text);
  }
  assert.equal(({} as { admin?: boolean }).admin, undefined);
  assert.deepEqual(read('{"a":"__proto__"}'), { value: { a: "__proto__" } }, "as a value it is text");
});

test("bytes that are not UTF-8 are refused rather than replaced", () => {
  assert.match(fault(Buffer.from([0x22, 0xff, 0xfe, 0x22])).allowed, /UTF-8/);
});

test("depth is measured without recursion", () => {
  const deep = (levels: number): unknown => JSON.parse("[".repeat(levels) + "]".repeat(levels));
  assert.equal(nestsDeeperThan(deep(64), 64), false);
  assert.equal(nestsDeeperThan(deep(66), 64), true);
  assert.equal(nestsDeeperThan(deep(200_000), 64), true);
  assert.equal(nestsDeeperThan("text", 0), false);
});

test("whatever was given is shown in at most 100 characters", () => {
  const samples: unknown[] = [
    "x".repeat(1_000_000),
    JSON.parse("[".repeat(8_000) + "]".repeat(8_000)),
    Array.from({ length: 100_000 }, () => 1),
    { ["k".repeat(5_000)]: 1 },
    Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, i])),
    undefined,
    null,
    1e300,
  ];
  for (const sample of samples) assert.ok(shortened(sample).length <= 100);
  assert.equal(shortened("1e3"), '"1e3"');
  assert.equal(shortened({ a: [1, "b", { c: null }] }), '{"a":[1,"b",{"c":null}]}');
});
