import assert from "node:assert/strict";
import { test } from "node:test";
import { Decimal, SideField } from "@bourse/contracts";
import { Ajv2020 } from "ajv/dist/2020.js";
import { Type } from "typebox";
import type { AnyRoute } from "./definition.ts";
import { openApiDocument } from "./openapi.ts";
import { isProblemCode, problemCatalogue } from "./problem-catalogue.ts";

const handle = () => ({ status: 200, body: {} });
const routes: readonly AnyRoute[] = [
  {
    method: "POST",
    path: "/api/v1/orders",
    summary: "Place an order",
    access: "authenticated",
    body: Type.Object({
      side: SideField,
      price: Type.Optional(Decimal),
      allowed: Type.Optional(Type.Boolean()),
    }),
    answers: { 201: Type.Object({ orderId: Type.String(), allowed: Type.String({ allowed: "any" }) }) },
    problems: ["insufficient_funds", "off_tick"],
    examples: [{ side: "BUY", price: "12.50" }],
    handle,
  },
  {
    method: "GET",
    path: "/api/v1/orders/:orderId",
    summary: "An order",
    access: "operator",
    params: Type.Object({ orderId: Type.String() }),
    query: Type.Object({
      limit: Type.Integer({ default: 50, maximum: 500 }),
      after: Type.Optional(Type.String()),
    }),
    answers: { 200: Type.Object({ levels: Type.Array(Type.Tuple([Decimal, Type.Integer()])) }) },
    handle,
  },
  {
    method: "DELETE",
    path: "/api/v1/orders/:orderId",
    summary: "Cancel",
    access: "public",
    idempotency: { natural: "an order is cancelled once" },
    answers: { 204: Type.Unknown() },
    handle,
  },
  {
    method: "POST",
    path: "/api/v1/halts",
    summary: "Halt",
    access: "operator",
    idempotency: "required",
    answers: { 202: Type.Unknown() },
    handle,
  },
  {
    method: "POST",
    path: "/internal/holds",
    summary: "Hold",
    access: "internal",
    answers: { 200: Type.Unknown() },
    handle,
  },
];

// biome-ignore lint/suspicious/noExplicitAny: a document, read as such
function documentFor(audience: "edge" | "service"): any {
  return JSON.parse(
    JSON.stringify(openApiDocument({ name: "order", description: "orders", routes, audience })),
  );
}

test("the edge's document has no internal routes, the service's own has", () => {
  assert.deepEqual(Object.keys(documentFor("edge").paths), [
    "/api/v1/orders",
    "/api/v1/orders/{orderId}",
    "/api/v1/halts",
  ]);
  assert.ok("/internal/holds" in documentFor("service").paths);
  assert.deepEqual(documentFor("service").paths["/internal/holds"].post.security, [{ internal: [] }]);
});

test("a body is a closed schema with enumerations and examples", () => {
  const { post } = documentFor("edge").paths["/api/v1/orders"];
  const { schema, examples } = post.requestBody.content["application/json"];
  assert.deepEqual(schema.properties.side, { type: "string", enum: ["BUY", "SELL"] });
  assert.equal(schema.additionalProperties, false);
  assert.deepEqual(examples.example1.value, { side: "BUY", price: "12.50" });
  assert.deepEqual(post.security, [{ key: [] }]);
});

test("a field may have the name of a word for refusals; the word itself is not shown", () => {
  const { post } = documentFor("edge").paths["/api/v1/orders"];
  const { properties } = post.responses["201"].content["application/json"].schema;
  assert.deepEqual(properties.allowed, { type: "string" });
  assert.ok("allowed" in post.requestBody.content["application/json"].schema.properties);
});

test("parameters of path and query", () => {
  const { get } = documentFor("edge").paths["/api/v1/orders/{orderId}"];
  assert.deepEqual(
    get.parameters.map((parameter: { name: string; in: string; required: boolean }) => [
      parameter.name,
      parameter.in,
      parameter.required,
    ]),
    [
      ["orderId", "path", true],
      ["limit", "query", false],
      ["after", "query", false],
    ],
  );
});

test("every refusal that a route may give is there, with the catalogue's status and an example", () => {
  const { post } = documentFor("edge").paths["/api/v1/orders"];
  const codes = new Map<string, string>();
  for (const [status, response] of Object.entries<{ content?: object }>(post.responses)) {
    const problems = (response.content as Record<string, { examples?: object }> | undefined)?.[
      "application/problem+json"
    ];
    for (const code of Object.keys(problems?.examples ?? {})) codes.set(code, status);
  }
  for (const code of [
    "insufficient_funds",
    "off_tick",
    "unauthenticated",
    "malformed_json",
    "internal_error",
    "not_ready",
    "store_unavailable",
    "outcome_unknown",
  ]) {
    assert.ok(codes.has(code), code);
  }
  for (const [code, status] of codes) {
    assert.ok(isProblemCode(code));
    assert.equal(String(problemCatalogue[code].status), status);
  }
});

test("operation ids differ, and every reference leads somewhere", () => {
  const document = documentFor("service");
  const operations = Object.values<Record<string, { operationId: string }>>(document.paths).flatMap(
    Object.values,
  );
  assert.equal(operations.length, routes.length);
  assert.equal(new Set(operations.map(({ operationId }) => operationId)).size, routes.length);
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(
    ([, path = ""]) => path,
  );
  assert.ok(references.length > 0);
  for (const path of references) {
    const target = path.split("/").reduce((at, key) => at?.[key], document);
    assert.ok(target !== undefined, path);
  }
});

test("answers that may be asked for again say when", () => {
  const { responses } = documentFor("edge").paths["/api/v1/halts"].post;
  for (const status of ["429", "503"])
    assert.equal(responses[status].headers["Retry-After"].schema.type, "integer");
  assert.equal(responses["400"].headers, undefined);
});

test("schemas are of the dialect that OpenAPI 3.1 has", () => {
  const { schema } =
    documentFor("edge").paths["/api/v1/orders/{orderId}"].get.responses["200"].content["application/json"];
  const fits = new Ajv2020({ strict: false }).compile(schema);
  assert.ok(fits({ levels: [["12.5", 1]] }), JSON.stringify(fits.errors));
  for (const level of [["12.5"], ["12.5", 1, 1], [1, "12.5"]])
    assert.ok(!fits({ levels: [level] }), String(level));
});

test("R10: a route says how it happens once, which key it wants and what it may answer to it", () => {
  const { paths } = documentFor("edge");
  const halt = paths["/api/v1/halts"].post;
  const [parameter] = halt.parameters;
  assert.deepEqual([parameter.name, parameter.in, parameter.required], ["Idempotency-Key", "header", true]);
  assert.match(halt.description, /^Operators only\. Happens once for its Idempotency-Key; for 24 hours/);
  assert.ok(halt.responses["400"].content["application/problem+json"].examples.idempotency_key_required);
  assert.ok(halt.responses["409"].content["application/problem+json"].examples.request_in_progress);
  const cancel = paths["/api/v1/orders/{orderId}"].delete;
  assert.equal(cancel.description, "Happens once by its nature: an order is cancelled once.");
  assert.deepEqual(
    cancel.parameters.filter((each: { in: string }) => each.in === "header"),
    [],
  );
});
