import type { JsonSchema } from "./json-schema.ts";

/**
 * Text of a query or of the environment as the type that the schema names. Strict, since `Number` alone takes "",
 * "0x10" and "1e3": what does not fit stays text, and is refused by the schema.
 */
export function convertText(schema: JsonSchema | undefined, text: string): unknown {
  if (schema?.type === "integer" || schema?.type === "number") {
    return /^-?(0|[1-9][0-9]*)(\.[0-9]+)?$/.test(text) ? Number(text) : text;
  }
  if (schema?.type === "boolean") return text === "true" ? true : text === "false" ? false : text;
  return text;
}

/** The schema of a list's items, where they are all alike. */
export function itemSchema(schema: JsonSchema): JsonSchema {
  return typeof schema.items === "object" && !Array.isArray(schema.items) ? (schema.items as JsonSchema) : {};
}
