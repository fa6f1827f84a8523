import { DECIMAL_MAX_LENGTH, DECIMAL_PATTERN } from "@bourse/base";
import type { ErrorObject } from "ajv";
import type { FieldError } from "../problem.ts";
import type { JsonSchema } from "./json-schema.ts";
import { shortened } from "./shortened.ts";

/** More faults than this help nobody. */
const MAX_FAULTS = 20;

/** What the validator found, in words: one fault for each field, at most 20. `root` names the whole (`body`). */
export function faultsInWords(errors: readonly ErrorObject[], root: string): readonly FieldError[] {
  const faults = new Map<string, FieldError>();
  // For a union without a discriminator the whole is what helps, not what each branch would have wanted.
  const unions = errors
    .filter(({ keyword }) => keyword === "anyOf" || keyword === "oneOf")
    .map((error) => `${error.schemaPath}/`);
  for (const error of errors) {
    if (unions.some((union) => error.schemaPath.startsWith(union))) continue;
    const fault = inWords(error, root);
    if (!faults.has(fault.field)) faults.set(fault.field, fault);
    if (faults.size === MAX_FAULTS) break;
  }
  return [...faults.values()];
}

/** One fault as a sentence for `detail` and for logs. */
export function sentence(fault: FieldError): string {
  return `${fault.field}: given ${fault.given}, allowed ${fault.allowed}`;
}

/** What a schema admits, in words: "one of BUY, SELL", "an integer from 1 to 500". */
export function describeAllowed(schema: JsonSchema): string {
  if (schema.allowed !== undefined) return schema.allowed;
  if (schema.const !== undefined) return shortened(schema.const);
  if (schema.enum !== undefined) return `one of ${schema.enum.join(", ")}`;
  switch (schema.type) {
    case "string":
      return describeString(schema);
    case "integer":
    case "number":
      return `${schema.type === "integer" ? "an integer" : "a number"}${describeRange(schema)}`;
    case "boolean":
      return "true or false";
    case "array":
      return `a list${describeCount(schema)}`;
    case "null":
      return "null";
    case "object":
      return describeObject(schema);
    default:
      return (
        (schema.anyOf ?? schema.oneOf)?.map(describeAllowed).join(", or ") ??
        schema.description ??
        "any value"
      );
  }
}

function inWords(error: ErrorObject, root: string): FieldError {
  const at = fieldPath(error.instancePath);
  const schema = (error.parentSchema ?? {}) as JsonSchema;
  const parameters = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case "required": {
      const missing = String(parameters.missingProperty);
      return {
        field: join(at, missing),
        given: "nothing",
        allowed: describeMissing(schema, missing),
      };
    }
    case "additionalProperties":
    case "unevaluatedProperties": {
      const extra = String(parameters.additionalProperty ?? parameters.unevaluatedProperty);
      return {
        field: join(at, extra.slice(0, 100)),
        given: shortened(property(error.data, extra)),
        allowed: `no such field; known fields: ${Object.keys(schema.properties ?? {}).join(", ") || "none"}`,
      };
    }
    case "discriminator": {
      const tag = String(parameters.tag);
      const given = property(error.data, tag);
      return {
        field: join(at, tag),
        given: given === undefined ? "nothing" : shortened(given),
        allowed: describeTags(schema, tag),
      };
    }
    case "maxLength":
      return {
        field: at || root,
        given: shortened(error.data),
        allowed: `at most ${schema.maxLength} characters`,
      };
    default:
      return { field: at || root, given: shortened(error.data), allowed: describeAllowed(schema) };
  }
}

function describeMissing(schema: JsonSchema, name: string): string {
  const missing = schema.properties?.[name];
  if (missing !== undefined) return describeAllowed(missing);
  return schema.discriminator?.propertyName === name ? describeTags(schema, name) : "a value";
}

function describeTags(schema: JsonSchema, tag: string): string {
  return `one of ${(schema.oneOf ?? []).map((branch) => branch.properties?.[tag]?.const).join(", ")}`;
}

function describeString(schema: JsonSchema): string {
  if (schema.pattern === DECIMAL_PATTERN) {
    return `a decimal string such as "12.50", at most ${schema.maxLength ?? DECIMAL_MAX_LENGTH} characters`;
  }
  const length = describeLength(schema);
  if (schema.pattern !== undefined) {
    const like = schema.description === undefined ? "" : ` (${schema.description})`;
    return `text${like} matching ${schema.pattern}${length === "" ? "" : `,${length}`}`;
  }
  if (schema.format !== undefined) return `text in the form of a ${schema.format}${length}`;
  return `text${length}`;
}

function describeLength({ minLength = 0, maxLength }: JsonSchema): string {
  if (maxLength === undefined) return minLength === 0 ? "" : ` of at least ${minLength} characters`;
  return minLength === 0
    ? ` of at most ${maxLength} characters`
    : ` of ${minLength} to ${maxLength} characters`;
}

function describeRange(schema: JsonSchema): string {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  const step = multipleOf === undefined ? "" : ` in steps of ${multipleOf}`;
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}${step}`;
  const low =
    minimum !== undefined
      ? ` of at least ${minimum}`
      : exclusiveMinimum !== undefined
        ? ` above ${exclusiveMinimum}`
        : "";
  const high =
    maximum !== undefined
      ? ` up to ${maximum}`
      : exclusiveMaximum !== undefined
        ? ` below ${exclusiveMaximum}`
        : "";
  return `${low}${high}${step}`;
}

function describeCount({ minItems = 0, maxItems }: JsonSchema): string {
  if (maxItems === undefined) return minItems === 0 ? "" : ` of at least ${minItems} items`;
  return minItems === 0 ? ` of at most ${maxItems} items` : ` of ${minItems} to ${maxItems} items`;
}

function describeObject(schema: JsonSchema): string {
  if (schema.discriminator !== undefined) {
    const tag = schema.discriminator.propertyName;
    return `an object whose ${tag} is ${describeTags(schema, tag)}`;
  }
  const names = Object.keys(schema.properties ?? {});
  return names.length === 0 ? "an object" : `an object with ${names.join(", ")}`;
}

/** `/items/3/price` as `items[3].price`. */
function fieldPath(instancePath: string): string {
  let path = "";
  for (const token of instancePath.split("/").slice(1)) {
    const name = token.replaceAll("~1", "/").replaceAll("~0", "~");
    path = /^(0|[1-9][0-9]*)$/.test(name) && path !== "" ? `${path}[${name}]` : join(path, name);
  }
  return path;
}

function join(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
