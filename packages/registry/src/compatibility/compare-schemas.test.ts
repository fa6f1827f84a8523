import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type JsonSchema, writtenSchema } from "@bourse/contracts";
import fc from "fast-check";
import { Compile } from "typebox/compile";
import { compareSchemas } from "./compare-schemas.ts";

/** Few names, values and bounds, so that two schemas made apart often speak of the same things. */
const NAMES = ["a", "b", "c"];
const TEXTS = ["x", "yy", "zzz", "7"];
const PATTERNS = ["^[a-z]+$", "^[0-9]+$", "^.$"];

const optionally = <T>(keyword: string, values: fc.Arbitrary<T>): fc.Arbitrary<JsonSchema> =>
  fc.oneof(
    fc.constant({}),
    values.map((value) => ({ [keyword]: value })),
  );
const small = fc.integer({ min: 0, max: 3 });
const together = (...parts: readonly fc.Arbitrary<JsonSchema>[]): fc.Arbitrary<JsonSchema> =>
  fc.tuple(...parts).map((each) => Object.assign({}, ...each));

const leaf: fc.Arbitrary<JsonSchema> = fc.oneof(
  together(
    fc.constant({ type: "string" }),
    optionally("minLength", small),
    optionally("maxLength", small),
    optionally("pattern", fc.constantFrom(...PATTERNS)),
  ),
  together(
    fc.constantFrom<JsonSchema>({ type: "integer" }, { type: "number" }),
    optionally("minimum", small),
    optionally("maximum", small),
    optionally("exclusiveMinimum", small),
    optionally("exclusiveMaximum", small),
    optionally("multipleOf", fc.constantFrom(1, 2, 3)),
  ),
  fc.subarray(TEXTS, { minLength: 1 }).map((values) => ({ type: "string", enum: values })),
  fc.constantFrom<JsonSchema>(
    { type: "boolean" },
    { type: "null" },
    { const: 2 },
    { type: ["string", "null"] },
  ),
);

const { schema } = fc.letrec<{ schema: JsonSchema; object: JsonSchema }>((tie) => ({
  schema: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    tie("object"),
    together(
      tie("schema").map((items) => ({ type: "array", items })),
      optionally("minItems", fc.integer({ min: 0, max: 2 })),
      optionally("maxItems", small),
    ),
    fc.array(tie("schema"), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
    tie("schema").map((each) => ({ type: "object", patternProperties: { "^.*$": each } })),
  ),
  object: fc
    .tuple(
      fc.dictionary(fc.constantFrom(...NAMES), tie("schema"), { maxKeys: 3 }),
      fc.subarray(NAMES),
      optionally("additionalProperties", fc.constant(false)),
    )
    .map(([properties, required, more]) => ({
      type: "object",
      properties,
      required: required.filter((name) => name in properties),
      ...more,
    })),
}));

/** The same schema with one part of it made anew, so that most of it stays. */
function changed(older: JsonSchema): fc.Arbitrary<JsonSchema> {
  return fc
    .tuple(fc.nat(), schema, fc.constantFrom("replace", "drop", "keyword"))
    .map(([place, fresh, how]) => changeAt(older, place, { fresh, how }));
}

function changeAt(
  older: JsonSchema,
  place: number,
  change: { readonly fresh: JsonSchema; readonly how: string },
): JsonSchema {
  if (change.how === "replace" && place % 3 === 0) return change.fresh;
  const keywords = Object.keys(older).filter((keyword) => keyword !== "type");
  const keyword = keywords[place % Math.max(1, keywords.length)];
  if (keyword === undefined) return change.fresh;
  const { [keyword]: part, ...rest } = older;
  if (keyword === "properties") {
    const properties = part as Readonly<Record<string, JsonSchema>>;
    const name = Object.keys(properties)[place % Math.max(1, Object.keys(properties).length)];
    const inner = name === undefined ? undefined : properties[name];
    if (name === undefined || inner === undefined) return { ...older, properties: { a: change.fresh } };
    return { ...older, properties: { ...properties, [name]: changeAt(inner, place >> 1, change) } };
  }
  if (keyword === "items") return { ...older, items: changeAt(part as JsonSchema, place >> 1, change) };
  if (keyword === "anyOf") return { anyOf: [...(part as readonly JsonSchema[]), change.fresh] };
  return keyword === "patternProperties" ? older : rest;
}

/** Values, of which many are valid under schemas such as these. */
const value: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(...TEXTS, "", 0, 1, 2, 3, 1.5, true, false, null),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES), tie("value"), { maxKeys: 3 }),
  ),
})).value;

/** A value that follows the schema where it can, else any. */
function valueFor(of: JsonSchema): fc.Arbitrary<unknown> {
  const { type, properties, required, items, anyOf, patternProperties } = of;
  if (Array.isArray(of.enum)) return fc.constantFrom(...of.enum);
  if ("const" in of) return fc.constant(of.const);
  if (Array.isArray(anyOf)) return fc.oneof(...anyOf.map((each) => valueFor(each as JsonSchema)));
  if (patternProperties !== undefined) {
    const [inner] = Object.values(patternProperties as Readonly<Record<string, JsonSchema>>);
    return fc.dictionary(fc.constantFrom(...NAMES), valueFor(inner ?? {}), { maxKeys: 3 });
  }
  if (type === "object") {
    const fields = Object.entries((properties ?? {}) as Readonly<Record<string, JsonSchema>>);
    return fc.record(Object.fromEntries(fields.map(([name, each]) => [name, valueFor(each)])), {
      requiredKeys: (required ?? []) as string[],
    });
  }
  if (type === "array") return fc.array(valueFor((items ?? {}) as JsonSchema), { maxLength: 3 });
  if (type === "string") return fc.constantFrom(...TEXTS, "");
  if (type === "integer") return fc.integer({ min: -1, max: 6 });
  if (type === "number") return fc.constantFrom(-1, 0, 0.5, 1, 1.5, 2, 3, 6);
  return value;
}

const RUNS = 4_000;
const VALUES_PER_PAIR = 12;

describe("what the check calls compatible is:", () => {
  const pair = schema.chain((older) =>
    fc.tuple(
      fc.constant(older),
      fc.oneof({ weight: 4, arbitrary: changed(older) }, { weight: 1, arbitrary: schema }),
      fc.array(fc.oneof({ weight: 3, arbitrary: valueFor(older) }, { weight: 1, arbitrary: value }), {
        minLength: VALUES_PER_PAIR,
        maxLength: VALUES_PER_PAIR,
      }),
    ),
  );

  test("every value that the old version may write is valid for readers of the new one", () => {
    const looked = { compatible: 0, incompatible: 0, values: 0 };
    fc.assert(
      fc.property(pair, ([older, newer, values]) => {
        const isCompatible = !compareSchemas(older, newer).some(({ rule }) => rule.breaks === "backward");
        looked[isCompatible ? "compatible" : "incompatible"]++;
        if (!isCompatible) return;
        const [writer, reader] = [Compile(writtenSchema(older)), Compile(newer)];
        for (const each of values) {
          if (!writer.Check(each)) continue;
          looked.values++;
          assert.ok(reader.Check(each), `${JSON.stringify(each)} is valid under the old schema only`);
        }
      }),
      { numRuns: RUNS },
    );
    assert.ok(looked.compatible > RUNS / 10, `${looked.compatible} compatible pairs`);
    assert.ok(looked.incompatible > RUNS / 10, `${looked.incompatible} incompatible pairs`);
    assert.ok(looked.values > RUNS, `${looked.values} values`);
  });

  test("forward is backward the other way round", () => {
    fc.assert(
      fc.property(schema, schema, (one, other) => {
        const named = (older: JsonSchema, newer: JsonSchema, breaks: string): readonly string[] =>
          compareSchemas(older, newer)
            .filter(({ rule }) => rule.breaks === breaks)
            .map(({ field }) => field);
        assert.deepEqual(named(one, other, "forward"), named(other, one, "backward"));
      }),
      { numRuns: 500 },
    );
  });

  test("a schema is fully compatible with itself", () => {
    fc.assert(
      fc.property(schema, (each) => assert.deepEqual(compareSchemas(each, structuredClone(each)), [])),
      { numRuns: 500 },
    );
  });
});
