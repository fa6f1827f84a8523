import { isDeepStrictEqual } from "node:util";
import type { JsonSchema } from "@bourse/contracts";

/** JSON Schema's names of types. */
export type JsonType = "object" | "array" | "string" | "number" | "integer" | "boolean" | "null";

const TYPES: readonly JsonType[] = ["object", "array", "string", "number", "boolean", "null"];

/**
 * A schema as the list of what a value may be: one alternative for each type, each listed value and each branch of a
 * union. A value is valid where it is valid under one of them.
 */
export function alternativesOf(schema: JsonSchema): readonly JsonSchema[] {
  const { anyOf, oneOf, type, ...rest } = schema;
  const branches = asSchemas(anyOf) ?? asSchemas(oneOf);
  if (branches !== undefined) {
    // What stands beside a union holds for each branch; a union beside a union stays as it is.
    const beside = { ...rest, ...(type === undefined ? {} : { type }) };
    const both = anyOf !== undefined && oneOf !== undefined ? { oneOf } : {};
    return branches.flatMap((branch) => alternativesOf(merged({ ...beside, ...both }, branch)));
  }
  if (Array.isArray(rest.enum)) {
    const { enum: values, ...more } = rest;
    return values.filter((value) => isOfType(value, type)).map((value) => constant(more, value));
  }
  if ("const" in rest) return isOfType(rest.const, type) ? [constant(rest, rest.const)] : [];
  if (Array.isArray(type)) return type.map((each) => ({ ...rest, type: each as JsonType }));
  if (type !== undefined) return [schema];
  return TYPES.map((each) => ({ ...rest, type: each }));
}

function constant(schema: JsonSchema, value: unknown): JsonSchema {
  return { ...schema, type: typeOf(value), const: value };
}

function isOfType(value: unknown, type: unknown): boolean {
  const own = typeOf(value);
  const allowed = Array.isArray(type) ? type : [type];
  return type === undefined || allowed.includes(own) || (own === "integer" && allowed.includes("number"));
}

/**
 * Whether no value can be of two of them: `oneOf` is then the same as `anyOf`. Told by type, by value, or by a required
 * field with a value of its own.
 */
export function areApart(alternatives: readonly JsonSchema[]): boolean {
  return alternatives.every((one, index) =>
    alternatives.slice(index + 1).every((other) => isApart(one, other)),
  );
}

function isApart(one: JsonSchema, other: JsonSchema): boolean {
  const numeric = [one.type, other.type].every((type) => type === "number" || type === "integer");
  if (one.type !== other.type) return !numeric;
  if ("const" in one && "const" in other) return !isDeepStrictEqual(one.const, other.const);
  const tags = requiredConstants(one);
  return Object.entries(requiredConstants(other)).some(
    ([name, value]) => name in tags && !isDeepStrictEqual(tags[name], value),
  );
}

function requiredConstants({ properties, required }: JsonSchema): Readonly<Record<string, unknown>> {
  const names: readonly unknown[] = Array.isArray(required) ? required : [];
  const constants = Object.entries((properties ?? {}) as Record<string, JsonSchema>)
    .filter(([name, schema]) => names.includes(name) && "const" in schema)
    .map(([name, schema]) => [name, schema.const]);
  return Object.fromEntries(constants);
}

/** Whether it says nothing about what it admits: every value is valid. */
export function admitsAll(schema: unknown): boolean {
  if (schema === undefined || schema === true) return true;
  if (typeof schema !== "object" || schema === null) return false;
  return Object.keys(schema).every((keyword) => ANNOTATIONS.has(keyword));
}

/** Keywords that say something to people only. */
export const ANNOTATIONS: ReadonlySet<string> = new Set([
  "$schema",
  "$id",
  "$comment",
  "title",
  "description",
  "default",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
]);

export function typeOf(value: unknown): JsonType {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (Number.isInteger(value)) return "integer";
  return typeof value as JsonType;
}

function asSchemas(value: unknown): readonly JsonSchema[] | undefined {
  return Array.isArray(value) ? (value as readonly JsonSchema[]) : undefined;
}

/** Both at once; where both speak of one keyword, the pair is kept apart, and is equal to nothing but itself. */
function merged(beside: JsonSchema, branch: JsonSchema): JsonSchema {
  const clash = Object.keys(beside).some(
    (keyword) => !ANNOTATIONS.has(keyword) && keyword in branch && beside[keyword] !== branch[keyword],
  );
  return clash ? { ...branch, allOf: [beside, branch] } : { ...beside, ...branch };
}
