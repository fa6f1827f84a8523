import type { TSchema } from "typebox";
import type { Access, AnyRoute, IdempotencyRule } from "./definition.ts";
import { KEY_PATTERN, keyRule } from "./http/idempotency-key.ts";
import { closed, type JsonSchema, jsonSchemaOf, mapChildren } from "./http/json-schema.ts";
import { type ProblemCode, problemEntry } from "./problem-catalogue.ts";

/** What any route may answer with, whatever it does: so do the shell, and what it needs that does not answer. */
const ANY_ROUTE: readonly ProblemCode[] = [
  "validation_failed",
  // On public routes too: a key that is none is refused wherever it comes.
  "unauthenticated",
  "internal_error",
  "not_ready",
  "draining",
  "queue_full",
  "store_unavailable",
  "bus_unavailable",
  "peer_unavailable",
  "outcome_unknown",
];
const WITH_BODY: readonly ProblemCode[] = ["malformed_json", "body_too_large", "unsupported_media_type"];

/**
 * The OpenAPI 3.1 document of a service, from its routes. `edge`: what a client of the gateway can call;
 * `service`: with the internal routes.
 */
export function openApiDocument(options: {
  readonly name: string;
  readonly description: string;
  readonly routes: readonly AnyRoute[];
  readonly audience: "edge" | "service";
}): Readonly<Record<string, unknown>> {
  const routes = options.routes.filter(
    (route) => options.audience === "service" || route.access !== "internal",
  );
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    const path = route.path.replace(/:([A-Za-z0-9_]+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(options.name, route) };
  }
  return {
    openapi: "3.1.0",
    info: { title: `Bourse ${options.name}`, version: "1", description: options.description },
    servers: [{ url: "/" }],
    tags: [{ name: options.name, description: options.description }],
    paths,
    components: {
      schemas: { Problem: problemSchema },
      securitySchemes: {
        key: { type: "http", scheme: "bearer", description: "A machine key, or the operator's" },
        internal: {
          type: "apiKey",
          in: "header",
          name: "x-bourse-internal",
          description: "Between services only",
        },
      },
    },
  };
}

function operation(service: string, route: AnyRoute): Readonly<Record<string, unknown>> {
  return {
    tags: [service],
    operationId: operationId(route),
    summary: route.summary,
    ...descriptionOf(route),
    security: securityOf(route.access),
    parameters: [
      ...parameters(route.params, "path"),
      ...parameters(route.query, "query"),
      ...keyParameter(route.idempotency),
    ],
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: {
              "application/json": {
                schema: forReaders(defaultsOptional(closed(jsonSchemaOf(route.body)))),
                ...examplesOf(route.examples),
              },
            },
          },
        }),
    responses: { ...answers(route), ...refusals(route) },
  };
}

function descriptionOf({ access, idempotency }: AnyRoute): object {
  const sentences = [
    ...(access === "operator" ? ["Operators only."] : []),
    ...(idempotency === undefined ? [] : [onceBy(idempotency)]),
  ];
  return sentences.length === 0 ? {} : { description: sentences.join(" ") };
}

function onceBy(rule: IdempotencyRule): string {
  if (typeof rule === "object") return `Happens once by its nature: ${rule.natural}.`;
  const kept =
    "Happens once for its Idempotency-Key; for 24 hours the same request is given the same answer, with `Idempotent-Replayed: true`.";
  return rule === "required" ? kept : `${kept} Without a key it happens each time.`;
}

function keyParameter(rule: IdempotencyRule | undefined): readonly object[] {
  const header = keyRule(rule);
  if (header === undefined) return [];
  return [
    {
      name: "Idempotency-Key",
      in: "header",
      required: header === "required",
      description: "Names the request, so that it happens once however often it is sent",
      schema: { type: "string", minLength: 1, maxLength: 96, pattern: KEY_PATTERN },
    },
  ];
}

/** What the host itself may answer to a key. */
function keyProblems({ idempotency }: AnyRoute): readonly ProblemCode[] {
  const missing = keyRule(idempotency) === "required" ? (["idempotency_key_required"] as const) : [];
  if (typeof idempotency !== "string") return missing;
  return [
    ...missing,
    "idempotency_key_reused",
    "request_in_progress",
    "too_many_idempotency_keys",
    "idempotency_keys_full",
  ];
}

function operationId(route: AnyRoute): string {
  const words = route.path.split(/[/:.-]+/).filter((word) => word !== "" && word !== "api" && word !== "v1");
  return [
    route.method.toLowerCase(),
    ...words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)),
  ].join("");
}

function securityOf(access: Access): readonly object[] {
  if (access === "public") return [];
  return access === "internal" ? [{ internal: [] }] : [{ key: [] }];
}

function parameters(schema: TSchema | undefined, where: "path" | "query"): readonly object[] {
  if (schema === undefined) return [];
  const plain = jsonSchemaOf(schema);
  return Object.entries(plain.properties ?? {}).map(([name, property]) => ({
    name,
    in: where,
    required:
      where === "path" || (property.default === undefined && (plain.required?.includes(name) ?? false)),
    ...(property.description === undefined ? {} : { description: property.description }),
    schema: forReaders(property),
  }));
}

function examplesOf(examples: readonly unknown[] | undefined): object {
  if (examples === undefined || examples.length === 0) return {};
  return { examples: Object.fromEntries(examples.map((value, index) => [`example${index + 1}`, { value }])) };
}

function answers(route: AnyRoute): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(route.answers).map(([status, schema]) => {
      const plain = forReaders(jsonSchemaOf(schema));
      const hasBody = Object.keys(plain).length > 0 && status !== "204";
      return [
        status,
        {
          description: plain.description ?? STATUS_WORDS[status] ?? "Done",
          ...(hasBody ? { content: { "application/json": { schema: plain } } } : {}),
        },
      ];
    }),
  );
}

const STATUS_WORDS: Readonly<Record<string, string>> = {
  "200": "OK",
  "201": "Created",
  "202": "Accepted",
  "204": "Done",
  "304": "As it was: `If-None-Match` names it",
};

/** The code of every problem that a route may answer with. */
export function problemsOf(route: AnyRoute): ReadonlySet<ProblemCode> {
  return new Set<ProblemCode>([
    ...ANY_ROUTE,
    ...(route.body === undefined ? [] : WITH_BODY),
    ...(route.access === "operator" ? (["forbidden"] as const) : []),
    ...keyProblems(route),
    ...(route.problems ?? []),
  ]);
}

/** One response a status, with an example for each code that may come with it. */
function refusals(route: AnyRoute): Readonly<Record<string, unknown>> {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of problemsOf(route)) {
    const { status } = problemEntry(code);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, list]) => [
      String(status),
      {
        description: list.map((code) => `\`${code}\`: ${problemEntry(code).title}`).join(". "),
        ...headersOf(status),
        content: {
          "application/problem+json": {
            schema: { $ref: "#/components/schemas/Problem" },
            examples: Object.fromEntries(list.map((code) => [code, { value: exampleOf(code) }])),
          },
        },
      },
    ]),
  );
}

function headersOf(status: number): object {
  if (status === 401) return { headers: { "WWW-Authenticate": header("string", "The scheme: Bearer") } };
  if (status !== 429 && status !== 503) return {};
  return {
    headers: { "Retry-After": header("integer", "Seconds, after which it may be sent again as it is") },
  };
}

function header(type: string, description: string): object {
  return { description, schema: { type } };
}

function exampleOf(code: ProblemCode): object {
  const { status, title, meaning } = problemEntry(code);
  return { type: `urn:bourse:problem:${code}`, title, status, code, detail: meaning };
}

/** A caller need not send what has a default. */
function defaultsOptional(schema: JsonSchema): JsonSchema {
  const inner = mapChildren(schema, defaultsOptional);
  if (inner.required === undefined) return inner;
  return {
    ...inner,
    required: inner.required.filter((name) => inner.properties?.[name]?.default === undefined),
  };
}

/** In the dialect of OpenAPI 3.1, JSON Schema 2020-12, without the words that only our own refusals use. */
function forReaders(schema: JsonSchema): JsonSchema {
  const { allowed: _, secret: __, ...words } = mapChildren(schema, forReaders);
  const { items, additionalItems: ___, ...rest } = words;
  return isTuple(items) ? { ...rest, prefixItems: items, items: false } : words;
}

function isTuple(items: JsonSchema["items"]): items is readonly JsonSchema[] {
  return Array.isArray(items);
}

const problemSchema = {
  type: "object",
  description: "RFC 9457 problem details",
  required: ["type", "title", "status", "code", "detail"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    code: { type: "string", description: "Stable; docs/errors.md lists them all" },
    detail: { type: "string" },
    errors: {
      type: "array",
      items: {
        type: "object",
        required: ["field", "given", "allowed"],
        properties: { field: { type: "string" }, given: { type: "string" }, allowed: { type: "string" } },
      },
    },
  },
};
