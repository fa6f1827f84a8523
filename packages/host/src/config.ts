import { type Static, type TObject, type TSchema, Type } from "typebox";
import { convertText, itemSchema } from "./http/convert-text.ts";
import { describeAllowed } from "./http/fault-words.ts";
import { type JsonSchema, jsonSchemaOf } from "./http/json-schema.ts";
import { compileValidator, type Validator } from "./http/validator.ts";

/** The environment as it came: `process.env`, or a test's. Only `platform/` reads the real one. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the shell itself reads, for every service. */
export const HostConfig = Type.Object({
  LOG_LEVEL: Type.Union(
    ["fatal", "error", "warn", "info", "debug", "trace", "silent"].map((level) => Type.Literal(level)),
    { default: "info", description: "The least severe level that is logged" },
  ),
  HTTP_DRAIN_NOTICE_MS: Type.Integer({
    minimum: 0,
    maximum: 10_000,
    default: 0,
    description:
      "How long a service that runs by itself still takes requests once it is told to end, while it says that it is not ready: as long as a load balancer needs to see that",
  }),
  HTTP_MAX_CONNECTIONS: Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    default: 10_000,
    description:
      "Most connections that one service keeps open; further ones are closed at once, without an answer",
  }),
  HTTP_MAX_IN_FLIGHT: Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    default: 20_000,
    description: "Most requests that one service works on at once; further ones are answered 503 queue_full",
  }),
  IDEMPOTENCY_MAX_KEYS: Type.Integer({
    minimum: 1,
    maximum: 100_000_000,
    default: 1_000_000,
    description:
      "Most answers that one service stores under an Idempotency-Key; while it is full, new keys are answered 503",
  }),
  IDEMPOTENCY_MAX_KEYS_OF_CALLER: Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    default: 10_000,
    description:
      "Most such answers for one account or operator; while it is full, its new keys are answered 429. Each answer is kept for 24 hours",
  }),
  PEER_TIMEOUT_MS: Type.Integer({
    minimum: 1,
    maximum: 600_000,
    default: 5_000,
    description: "How long to wait for another service's answer before the call counts as lost",
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: Type.Optional(
    Type.String({
      pattern: "^https?://",
      description:
        "Where traces are sent (OTLP over HTTP), for example http://localhost:4318; if not set, nothing is traced",
    }),
  ),
  OTEL_TRACES_SAMPLER_ARG: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 1,
    description: "The share of new traces that is recorded; a caller's sampling decision is followed",
  }),
});
export type HostConfig = Static<typeof HostConfig>;

/** A fault in the environment: every variable that is wrong, with what it got and what it wants. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code = "config_invalid";
  readonly faults: readonly string[];

  constructor(owner: string, faults: readonly string[]) {
    super(`configuration of ${owner}: ${faults.join("; ")}`);
    this.faults = faults;
  }
}

/**
 * Reads a service's variables once, converts them (numbers, true and false, comma-separated lists), fills in
 * defaults and freezes the result. Throws {@link ConfigError} naming every variable that is wrong.
 */
export function readConfig<Config extends TObject>(
  owner: string,
  schema: Config,
  env: Environment,
): Static<Config> {
  const plain = plainOf(schema);
  const values: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const [name, property] of Object.entries(plain.properties ?? {})) {
    const text = env[name];
    // An empty variable is how shells and compose files say "not set".
    if (text === undefined || text === "") {
      if (property.default !== undefined) values[name] = property.default;
      else if (plain.required?.includes(name))
        faults.push(`${name} is not set, wants ${describeAllowed(property)}`);
      continue;
    }
    const value = convert(property, text);
    if (validatorOf(property)(value)) values[name] = value;
    else faults.push(`${name} is ${redacted(name, property, text)}, wants ${describeAllowed(property)}`);
  }
  if (faults.length > 0) throw new ConfigError(owner, faults);
  return deepFreeze(values) as Static<Config>;
}

/** A schema is compiled once in a process, however many services of it start. */
const plainSchemas = new WeakMap<TObject, JsonSchema>();
const validators = new WeakMap<JsonSchema, Validator>();

function plainOf(schema: TObject): JsonSchema {
  const plain = plainSchemas.get(schema) ?? jsonSchemaOf(schema);
  plainSchemas.set(schema, plain);
  return plain;
}

function validatorOf(property: JsonSchema): Validator {
  const validate = validators.get(property) ?? compileValidator(property);
  validators.set(property, validate);
  return validate;
}

/** One line of the table of variables in the documents. */
export interface VariableDocument {
  readonly variable: string;
  readonly services: readonly string[];
  readonly allowed: string;
  readonly default: string | null;
  readonly required: boolean;
  readonly secret: boolean;
  readonly description: string;
}

/** All variables of all definitions and of the shell, by name: for the documents' table. */
export function configVariables(
  definitions: readonly { readonly name: string; readonly config: TObject }[],
): readonly VariableDocument[] {
  const owners = [{ name: "every service", config: HostConfig }, ...definitions];
  const variables = new Map<string, VariableDocument>();
  for (const owner of owners) {
    const plain = jsonSchemaOf(owner.config);
    for (const [variable, property] of Object.entries(plain.properties ?? {})) {
      const known = variables.get(variable);
      variables.set(variable, {
        variable,
        services: [...(known?.services ?? []), owner.name],
        allowed: describeAllowed(property),
        default: property.default === undefined ? null : String(property.default),
        required: property.default === undefined && (plain.required?.includes(variable) ?? false),
        secret: isSecret(variable, property),
        description: property.description ?? "",
      });
    }
  }
  return [...variables.values()].sort((a, b) => (a.variable < b.variable ? -1 : 1));
}

/** The configuration as it may be shown and logged. */
export function redactConfig(
  schema: TSchema,
  config: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const properties = jsonSchemaOf(schema).properties ?? {};
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => [
      name,
      isSecret(name, properties[name] ?? {}) ? "[redacted]" : value,
    ]),
  );
}

function convert(property: JsonSchema, text: string): unknown {
  if (property.type !== "array") return convertText(property, text);
  return text.split(",").map((item) => convertText(itemSchema(property), item.trim()));
}

const SECRET_NAME = /SECRET|PASSWORD|TOKEN|PRIVATE|CREDENTIAL|_KEY$|_URL$/;

function isSecret(name: string, property: JsonSchema): boolean {
  return property.secret === true || (property.secret === undefined && SECRET_NAME.test(name));
}

function redacted(name: string, property: JsonSchema, text: string): string {
  return isSecret(name, property)
    ? `[redacted, ${text.length} characters]`
    : JSON.stringify(text.slice(0, 100));
}

function deepFreeze(value: unknown): unknown {
  if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}
