import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bodyHash, canonicalJson } from "./body-hash.ts";

test("the order of keys and white space do not count, everything else does", () => {
  assert.equal(canonicalJson({ b: [{ d: 1, c: "x" }], a: null }), '{"a":null,"b":[{"c":"x","d":1}]}');
  assert.equal(bodyHash({ a: 1, b: 2 }), bodyHash(JSON.parse('{ "b": 2, "a": 1 }')));
  assert.equal(bodyHash({ a: 1, b: undefined }), bodyHash({ a: 1 }));
  for (const [one, other] of [
    [{ amount: "10" }, { amount: "10.0" }],
    [{ amount: "10" }, { amount: 10 }],
    [{ list: [1, 2] }, { list: [2, 1] }],
    [{ a: null }, {}],
    [undefined, {}],
  ])
    assert.notEqual(bodyHash(one), bodyHash(other));
  assert.match(bodyHash(undefined), /^[0-9a-f]{64}$/);
});

test("two bodies have the same hash exactly when they are equal as JSON", () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), fc.jsonValue(), (one, other) => {
      assert.equal(bodyHash(one), bodyHash(shuffled(one)));
      const equal = canonicalJson(one) === canonicalJson(other);
      assert.equal(bodyHash(one) === bodyHash(other), equal);
    }),
    { numRuns: 300 },
  );
});

function shuffled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, shuffled(inner)]),
  );
}
