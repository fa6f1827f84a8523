import { Ajv, type ErrorObject } from "ajv";
import type { JsonSchema } from "./json-schema.ts";
import { isTime, TIME_FORMAT } from "./request-time.ts";

export type Validator = (value: unknown) => boolean;
export type ExplainingValidator = (value: unknown) => readonly ErrorObject[];

// No coercion anywhere: "1" is not 1. Schemas are ours, so ajv's own strictness about their style is not needed.
const options = {
  strict: false,
  discriminator: true,
  useDefaults: true,
  coerceTypes: false,
  verbose: true,
  formats: { [TIME_FORMAT]: isTime },
} as const;
const quick = new Ajv(options);
const thorough = new Ajv({ ...options, allErrors: true });

/** Stops at the first fault. Fills in defaults of absent properties. */
export function compileValidator(schema: JsonSchema): Validator {
  return quick.compile(schema);
}

/** Compiled when first needed: most routes never see more than a few faulty requests. */
export function explaining(schema: JsonSchema, depth: "first" | "all"): ExplainingValidator {
  let validate: ReturnType<Ajv["compile"]> | undefined;
  return (value) => {
    validate ??= (depth === "all" ? thorough : quick).compile(schema);
    return validate(value) ? [] : (validate.errors ?? []);
  };
}
