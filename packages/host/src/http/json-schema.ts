import { assert } from "@bourse/base";
import type { TSchema } from "typebox";

/** The part of JSON Schema that contracts use, as plain data. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly items?: JsonSchema | readonly JsonSchema[] | boolean;
  readonly additionalItems?: boolean;
  /** A tuple in documents for readers. */
  readonly prefixItems?: readonly JsonSchema[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly discriminator?: { readonly propertyName: string };
  /** Words for `allowed` in a refusal, where the schema's own would not help a reader. */
  readonly allowed?: string;
  /** A configuration variable that is never shown. */
  readonly secret?: boolean;
  readonly examples?: readonly unknown[];
}

/**
 * A contract's schema in the form that validators and documents want: unions of literals become enumerations,
 * unions of objects that a literal tells apart get a discriminator (one branch is tried instead of all),
 * intersections of objects become one object.
 */
export function jsonSchemaOf(schema: TSchema): JsonSchema {
  return normalise(JSON.parse(JSON.stringify(schema)) as JsonSchema);
}

/** The same schema, with every object that names its properties refusing those it does not name. */
export function closed(schema: JsonSchema): JsonSchema {
  const inner = mapChildren(schema, closed);
  if (inner.properties === undefined || inner.additionalProperties !== undefined) return inner;
  if (inner.patternProperties !== undefined || inner.allOf !== undefined) return inner;
  return { ...inner, additionalProperties: false };
}

/** Whether a value that the (closed) schema admits may nest without a bound. */
export function isOpenEnded(schema: JsonSchema): boolean {
  if (schema.enum !== undefined || schema.const !== undefined) return false;
  const branches = schema.oneOf ?? schema.anyOf ?? schema.allOf;
  if (branches !== undefined) return branches.some(isOpenEnded);
  if (schema.type === "array") {
    if (Array.isArray(schema.items)) return schema.items.some(isOpenEnded);
    return typeof schema.items === "object" ? isOpenEnded(schema.items as JsonSchema) : true;
  }
  if (schema.type === "object") {
    const named = [
      ...Object.values(schema.properties ?? {}),
      ...Object.values(schema.patternProperties ?? {}),
    ];
    if (typeof schema.additionalProperties === "object") named.push(schema.additionalProperties);
    const bounded = schema.additionalProperties !== undefined || schema.patternProperties !== undefined;
    return (!bounded && true) || schema.additionalProperties === true || named.some(isOpenEnded);
  }
  return schema.type === undefined;
}

function normalise(schema: JsonSchema): JsonSchema {
  const inner = mapChildren(schema, normalise);
  if (inner.anyOf !== undefined) return normaliseUnion(inner, inner.anyOf);
  if (inner.allOf?.every((branch) => branch.type === "object" && branch.properties !== undefined)) {
    return mergeObjects(inner, inner.allOf);
  }
  return inner;
}

function normaliseUnion(schema: JsonSchema, branches: readonly JsonSchema[]): JsonSchema {
  const { anyOf: _, ...rest } = schema;
  if (branches.length === 1) return { ...branches[0], ...rest };
  if (branches.every((branch) => branch.const !== undefined)) {
    const types = new Set(branches.map((branch) => branch.type));
    const [type] = types;
    return {
      ...(types.size === 1 && type !== undefined ? { type } : {}),
      enum: branches.map((branch) => branch.const),
      ...rest,
    };
  }
  const propertyName = discriminatorOf(branches);
  if (propertyName === undefined) return schema;
  return {
    type: "object",
    discriminator: { propertyName },
    required: [propertyName],
    oneOf: branches,
    ...rest,
  };
}

/** A required property that is another literal in each branch. */
function discriminatorOf(branches: readonly JsonSchema[]): string | undefined {
  const [first] = branches;
  return Object.keys(first?.properties ?? {}).find((name) => {
    const literals = branches.map((branch) =>
      branch.required?.includes(name) ? branch.properties?.[name]?.const : undefined,
    );
    return (
      literals.every((literal) => typeof literal === "string") && new Set(literals).size === branches.length
    );
  });
}

function mergeObjects(schema: JsonSchema, branches: readonly JsonSchema[]): JsonSchema {
  const { allOf: _, ...rest } = schema;
  const names = branches.flatMap((branch) => Object.keys(branch.properties ?? {}));
  assert(new Set(names).size === names.length, "the parts of an intersection have different properties");
  return {
    type: "object",
    properties: Object.assign({}, ...branches.map((branch) => branch.properties)),
    required: branches.flatMap((branch) => branch.required ?? []),
    ...rest,
  };
}

/** The schema with `map` applied to each schema directly inside it. */
export function mapChildren(schema: JsonSchema, map: (child: JsonSchema) => JsonSchema): JsonSchema {
  const result: Record<string, unknown> = { ...schema };
  for (const name of ["properties", "patternProperties"] as const) {
    const children = schema[name];
    if (children === undefined) continue;
    result[name] = Object.fromEntries(Object.entries(children).map(([key, child]) => [key, map(child)]));
  }
  for (const name of ["anyOf", "oneOf", "allOf"] as const) {
    if (schema[name] !== undefined) result[name] = schema[name].map(map);
  }
  if (Array.isArray(schema.items)) result.items = schema.items.map((item: JsonSchema) => map(item));
  else if (typeof schema.items === "object") result.items = map(schema.items as JsonSchema);
  if (typeof schema.additionalProperties === "object")
    result.additionalProperties = map(schema.additionalProperties);
  return result;
}
