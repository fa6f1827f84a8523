import { type TSchema, Type } from "typebox";
import type { AnyRoute } from "../definition.ts";
import { type FieldError, type ProblemAnswer, problem } from "../problem.ts";
import { convertText, itemSchema } from "./convert-text.ts";
import { faultsInWords, sentence } from "./fault-words.ts";
import { closed, isOpenEnded, type JsonSchema, jsonSchemaOf } from "./json-schema.ts";
import { hasNul, MAX_DEPTH, nestsDeeperThan, readBody } from "./read-body.ts";
import { compileValidator, type ExplainingValidator, explaining, type Validator } from "./validator.ts";

/** Above this size only the first fault is named: all of them could be a hundred thousand. */
const ALL_FAULTS_MAX_BYTES = 65_536;

/** What a route's schemas make of a request's parts: the checked value, or the refusal. */
export interface RequestSchemas {
  body(bytes: Buffer | undefined): Checked;
  /** A body that is parsed already: calls in process, in tests. */
  parsedBody(value: unknown): Checked;
  params(given: Readonly<Record<string, string>>): ProblemAnswer | null;
  query(given: Readonly<Record<string, string | readonly string[]>>): Checked;
}

export type Checked = { readonly value: unknown } | { readonly refusal: ProblemAnswer };

export function compileRequestSchemas(route: AnyRoute): RequestSchemas {
  const body = route.body === undefined ? null : compileOnce(closedParts, route.body, closed);
  const params = route.params === undefined ? null : compileOnce(openParts, route.params, (schema) => schema);
  const query = compileOnce(closedParts, route.query ?? NO_QUERY, closed);
  return {
    body(bytes) {
      if (body === null) return { value: undefined };
      if (bytes === undefined || bytes.length === 0) return missingBody;
      const read = readBody(bytes);
      if ("fault" in read) {
        return { refusal: problem("malformed_json", sentence(read.fault), { errors: [read.fault] }) };
      }
      return checkBody(body, read.value, bytes.length);
    },
    parsedBody(value) {
      return body === null ? { value: undefined } : checkBody(body, value, 0);
    },
    params(given) {
      for (const name in given) {
        const value = given[name];
        if (value !== undefined && hasNul(value)) return nulRefusal(name);
      }
      return params === null || params.validate(given) ? null : refusalOf(params, given, "path", 0);
    },
    query(given) {
      for (const name in given) if (hasNul(String(given[name]))) return { refusal: nulRefusal(name) };
      const value = convertQuery(query.schema, given);
      return query.validate(value) ? { value } : { refusal: refusalOf(query, value, "query", 0) };
    },
  };
}

interface Part {
  readonly schema: JsonSchema;
  readonly validate: Validator;
  readonly explainFirst: ExplainingValidator;
  readonly explainAll: ExplainingValidator;
  readonly openEnded: boolean;
}

/** A schema is compiled once in a process, however many services and gateways of it mount its route. */
const closedParts = new WeakMap<TSchema, Part>();
const openParts = new WeakMap<TSchema, Part>();
const NO_QUERY = Type.Object({});

function compileOnce(
  parts: WeakMap<TSchema, Part>,
  schema: TSchema,
  shape: (schema: JsonSchema) => JsonSchema,
): Part {
  let part = parts.get(schema);
  if (part === undefined) {
    part = compilePart(shape(jsonSchemaOf(schema)));
    parts.set(schema, part);
  }
  return part;
}

function compilePart(schema: JsonSchema): Part {
  return {
    schema,
    validate: compileValidator(schema),
    explainFirst: explaining(schema, "first"),
    explainAll: explaining(schema, "all"),
    openEnded: isOpenEnded(schema),
  };
}

const missingBody: Checked = {
  refusal: problem("validation_failed", "the body is missing", {
    errors: [{ field: "body", given: "nothing", allowed: "a JSON body with content-type application/json" }],
  }),
};

function checkBody(part: Part, value: unknown, bytes: number): Checked {
  // A closed schema bounds the depth by itself; an open one, and what it refused, must be looked at.
  const valid = part.validate(value);
  if ((!valid || part.openEnded) && nestsDeeperThan(value, MAX_DEPTH)) return tooDeep;
  return valid ? { value } : { refusal: refusalOf(part, value, "body", bytes) };
}

const tooDeep: Checked = {
  refusal: problem("malformed_json", `the body nests deeper than ${MAX_DEPTH} levels`, {
    errors: [
      {
        field: "body",
        given: `more than ${MAX_DEPTH} nested levels`,
        allowed: `at most ${MAX_DEPTH} nested levels`,
      },
    ],
  }),
};

function refusalOf(part: Part, value: unknown, root: string, bytes: number): ProblemAnswer {
  const explain = bytes > ALL_FAULTS_MAX_BYTES ? part.explainFirst : part.explainAll;
  const errors = faultsInWords(explain(value), root);
  return refuseFields(errors);
}

/** 400 for fields that are wrong in themselves. */
export function refuseFields(errors: readonly FieldError[]): ProblemAnswer {
  const [first] = errors;
  const more = errors.length > 1 ? `, and ${errors.length - 1} more` : "";
  return problem(
    "validation_failed",
    first === undefined ? "the request is not valid" : sentence(first) + more,
    { errors },
  );
}

function nulRefusal(field: string): ProblemAnswer {
  return refuseFields([
    { field, given: "text with a NUL character", allowed: "text without NUL characters (U+0000)" },
  ]);
}

/** A query is text; a parameter that is a list may come once or several times. `__proto__` is a name like any other. */
function convertQuery(
  schema: JsonSchema,
  given: Readonly<Record<string, string | readonly string[]>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      const known = Object.hasOwn(schema.properties ?? {}, name);
      return [name, convertParameter(known ? schema.properties?.[name] : undefined, value)];
    }),
  );
}

function convertParameter(schema: JsonSchema | undefined, value: string | readonly string[]): unknown {
  if (schema?.type !== "array") return typeof value === "string" ? convertText(schema, value) : value;
  const texts = typeof value === "string" ? [value] : value;
  return texts.map((text) => convertText(itemSchema(schema), text));
}
