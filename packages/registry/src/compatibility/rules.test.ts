import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonSchema } from "@bourse/contracts";
import { Compile } from "typebox/compile";
import { compareSchemas } from "./compare-schemas.ts";

/** An object with these fields, all of them required but those whose name ends with a question mark. */
function object(fields: Readonly<Record<string, JsonSchema>>, more: JsonSchema = {}): JsonSchema {
  const names = Object.keys(fields);
  return {
    type: "object",
    properties: Object.fromEntries(names.map((name) => [name.replace("?", ""), fields[name]])),
    required: names.filter((name) => !name.endsWith("?")),
    ...more,
  };
}

const text = { type: "string" };
const whole = { type: "integer" };
const number = { type: "number" };
const sides = (...values: readonly string[]) => ({ type: "string", enum: values });
const tagged = (kind: string, fields: Readonly<Record<string, JsonSchema>>) =>
  object({ kind: { type: "string", const: kind }, ...fields });

interface Row {
  readonly change: string;
  readonly older: JsonSchema;
  readonly newer: JsonSchema;
  /** `rule field`, backward ones first. */
  readonly found: readonly string[];
  /** Valid under the old schema, refused by readers of the new one: why the change is not backward compatible. */
  readonly oldValue?: unknown;
  /** Valid under the new schema, refused by readers of the old one. */
  readonly newValue?: unknown;
}

const TABLE: readonly Row[] = [
  {
    change: "an optional field is added",
    older: object({ a: text }),
    newer: object({ a: text, "b?": text }),
    found: [],
  },
  {
    change: "an optional field is removed: who knows it still reads, who doesn't ignores it (R12)",
    older: object({ a: text, "b?": text }),
    newer: object({ a: text }),
    found: [],
  },
  {
    change: "a required field is added",
    older: object({ a: text }),
    newer: object({ a: text, b: text }),
    found: ["required_added b"],
    oldValue: { a: "x" },
  },
  {
    change: "an optional field becomes required",
    older: object({ "a?": text }),
    newer: object({ a: text }),
    found: ["required_added a"],
    oldValue: {},
  },
  {
    change: "a required field is removed",
    older: object({ a: text, b: text }),
    newer: object({ a: text }),
    found: ["required_removed b"],
    newValue: { a: "x" },
  },
  {
    change: "a required field becomes optional",
    older: object({ a: text }),
    newer: object({ "a?": text }),
    found: ["required_removed a"],
    newValue: {},
  },
  {
    change: "a field deep inside becomes required",
    older: object({ buyer: object({ "fee?": text }) }),
    newer: object({ buyer: object({ fee: text }) }),
    found: ["required_added buyer.fee"],
    oldValue: { buyer: {} },
  },
  {
    change: "a type is narrowed",
    older: object({ a: number }),
    newer: object({ a: whole }),
    found: ["type_narrowed a"],
    oldValue: { a: 1.5 },
  },
  {
    change: "a type is widened",
    older: object({ a: whole }),
    newer: object({ a: number }),
    found: ["type_widened a"],
    newValue: { a: 1.5 },
  },
  {
    change: "a type is another",
    older: object({ a: text }),
    newer: object({ a: whole }),
    found: ["type_narrowed a", "type_widened a"],
    oldValue: { a: "x" },
    newValue: { a: 1 },
  },
  {
    change: "null is allowed",
    older: object({ a: text }),
    newer: object({ a: { anyOf: [text, { type: "null" }] } }),
    found: ["type_widened a"],
    newValue: { a: null },
  },
  {
    change: "an enumeration grows",
    older: object({ a: sides("BUY") }),
    newer: object({ a: sides("BUY", "SELL") }),
    found: ["enum_grown a"],
    newValue: { a: "SELL" },
  },
  {
    change: "an enumeration shrinks",
    older: object({ a: sides("BUY", "SELL") }),
    newer: object({ a: sides("BUY") }),
    found: ["enum_shrunk a"],
    oldValue: { a: "SELL" },
  },
  {
    change: "an enumeration is written as a union of its values",
    older: object({ a: sides("BUY", "SELL") }),
    newer: object({ a: { anyOf: [{ const: "SELL" }, { type: "string", const: "BUY" }] } }),
    found: [],
  },
  {
    change: "any text becomes an enumeration",
    older: object({ a: text }),
    newer: object({ a: sides("BUY") }),
    found: ["enum_shrunk a"],
    oldValue: { a: "HOLD" },
  },
  {
    change: "a constant is another",
    older: object({ a: { type: "string", const: "x" } }),
    newer: object({ a: { type: "string", const: "y" } }),
    found: ["enum_shrunk a", "enum_grown a"],
    oldValue: { a: "x" },
    newValue: { a: "y" },
  },
  {
    change: "a longest length is lowered",
    older: object({ a: { ...text, maxLength: 3 } }),
    newer: object({ a: { ...text, maxLength: 2 } }),
    found: ["bound_tightened a"],
    oldValue: { a: "xyz" },
  },
  {
    change: "a longest length is lifted",
    older: object({ a: { ...text, maxLength: 2 } }),
    newer: object({ a: text }),
    found: ["bound_loosened a"],
    newValue: { a: "xyz" },
  },
  {
    change: "a smallest number is raised, and past it",
    older: object({ a: { ...whole, minimum: 0 } }),
    newer: object({ a: { ...whole, exclusiveMinimum: 0 } }),
    found: ["bound_tightened a"],
    oldValue: { a: 0 },
  },
  {
    change: "a step is made smaller",
    older: object({ a: { ...whole, multipleOf: 10 } }),
    newer: object({ a: { ...whole, multipleOf: 5 } }),
    found: ["bound_loosened a"],
    newValue: { a: 5 },
  },
  {
    change: "fewer items are allowed",
    older: object({ a: { type: "array", items: text } }),
    newer: object({ a: { type: "array", items: text, maxItems: 1 } }),
    found: ["bound_tightened a"],
    oldValue: { a: ["x", "y"] },
  },
  {
    change: "a pattern is another",
    older: object({ a: { ...text, pattern: "^[0-9]+$" } }),
    newer: object({ a: { ...text, pattern: "^[0-9]{2}$" } }),
    found: ["pattern_changed a", "pattern_changed a"],
    oldValue: { a: "1" },
  },
  {
    change: "a pattern is lifted",
    older: object({ a: { ...text, pattern: "^[0-9]+$" } }),
    newer: object({ a: text }),
    found: ["pattern_changed a"],
    newValue: { a: "x" },
  },
  {
    change: "an object is closed while a field goes",
    older: object({ a: text, "b?": text }),
    newer: object({ a: text }, { additionalProperties: false }),
    found: ["content_closed b"],
    oldValue: { a: "x", b: "y" },
  },
  {
    change: "a closed object gets a field",
    older: object({ a: text }, { additionalProperties: false }),
    newer: object({ a: text, "b?": text }, { additionalProperties: false }),
    found: ["content_opened b"],
    newValue: { a: "x", b: "y" },
  },
  {
    change: "an object takes any field of any kind, where readers know one of them",
    older: object({ a: text, "b?": text }),
    newer: object({ a: text }, { additionalProperties: whole }),
    found: ["type_narrowed b", "type_widened {}"],
    oldValue: { a: "x", b: "y" },
    newValue: { a: "x", b: 1 },
  },
  {
    change: "the values of a map are others",
    older: { type: "object", patternProperties: { "^.*$": text } },
    newer: { type: "object", patternProperties: { "^.*$": whole } },
    found: ["type_narrowed {}", "type_widened {}"],
    oldValue: { a: "x" },
    newValue: { a: 1 },
  },
  {
    change: "the items of a list are narrowed",
    older: object({ a: { type: "array", items: number } }),
    newer: object({ a: { type: "array", items: whole } }),
    found: ["type_narrowed a[]"],
    oldValue: { a: [1.5] },
  },
  {
    change: "a tuple gets one more item",
    older: { type: "array", items: [text], additionalItems: false, minItems: 1 },
    newer: { type: "array", items: [text, whole], additionalItems: false, minItems: 1 },
    found: ["content_opened [].1"],
    newValue: ["x", 1],
  },
  {
    change: "a union gets a branch",
    older: object({ a: { anyOf: [tagged("x", { n: whole })] } }),
    newer: object({ a: { anyOf: [tagged("x", { n: whole }), tagged("y", { n: whole })] } }),
    found: ["enum_grown a.kind"],
    newValue: { a: { kind: "y", n: 1 } },
  },
  {
    change: "a field of one branch becomes required: told of that branch",
    older: { oneOf: [tagged("x", { n: whole }), tagged("y", { "m?": whole })] },
    newer: { oneOf: [tagged("x", { n: whole }), tagged("y", { m: whole })] },
    found: ["required_added m"],
    oldValue: { kind: "y" },
  },
  {
    change: "readers say what is not known here",
    older: object({ a: text }),
    newer: object({ a: { ...text, not: { const: "x" } } }),
    found: ["not_comparable a"],
    oldValue: { a: "x" },
  },
  {
    change: "one of, where both may be meant",
    older: object({ a: text }),
    newer: object({ a: { oneOf: [text, { ...text, maxLength: 3 }] } }),
    found: ["not_comparable a"],
    oldValue: { a: "x" },
  },
  {
    change: "words only",
    older: object({ a: { ...text, description: "one" } }, { title: "A" }),
    newer: object({ a: { ...text, description: "another", examples: ["x"] } }, { $id: "b" }),
    found: [],
  },
];

describe("the table of rules", () => {
  for (const { change, older, newer, found, oldValue, newValue } of TABLE) {
    test(change, () => {
      const findings = compareSchemas(older, newer);
      assert.deepEqual(
        findings.map(({ rule, field }) => `${rule.name} ${field}`.trimEnd()),
        found,
      );
      const breaks = (direction: string): boolean => findings.some(({ rule }) => rule.breaks === direction);
      if (oldValue !== undefined) {
        assert.ok(breaks("backward"));
        assert.ok(Compile(older).Check(oldValue), "the old schema admits the witness");
        assert.equal(Compile(newer).Check(oldValue), false, "readers of the new one refuse it");
      }
      if (newValue !== undefined) {
        assert.ok(breaks("forward"));
        assert.ok(Compile(newer).Check(newValue), "the new schema admits the witness");
        assert.equal(Compile(older).Check(newValue), false, "readers of the old one refuse it");
      }
    });
  }
});
