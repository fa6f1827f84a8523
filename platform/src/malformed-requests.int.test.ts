import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { TestVenue } from "./testing/test-venue.ts";

/**
 * Every documented route is sent what no client of good will sends. Whatever it is, it is answered as the route's OpenAPI
 * document says, refusals name the field, what was given and what is allowed, and the venue's rules hold afterwards.
 */

/** A failure says it, too; another one looks elsewhere. */
const SEED = 20_261_123;
const REQUESTS_A_ROUTE = 25;
const ROUTES_AT_ONCE = 8;

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: "path" | "query" | "header" }[];
  readonly requestBody?: {
    readonly content: {
      readonly "application/json": {
        readonly schema: object;
        readonly examples?: Readonly<Record<string, { readonly value: object }>>;
      };
    };
  };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly examples?: object }>> }>
  >;
}

interface Route {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** Where in a request something is put. */
type Place =
  | { readonly in: "path" | "query" | "header"; readonly name: string }
  | { readonly in: "text" }
  | { readonly in: "body"; readonly at: readonly string[]; readonly example: object };

/** The host itself may answer so, whatever the route. */
const OF_ANY_ADDRESS = ["malformed_url", "route_not_found", "method_not_allowed", "malformed_json"];

const hostile = fc.oneof(
  fc.constantFrom<unknown>(
    ...[
      null,
      true,
      "",
      " ",
      "\u0000",
      "a\u0000b",
      "\ud800",
      "\u202eabc",
      "e\u0301",
      "__proto__",
      "constructor",
    ],
    ...["NaN", "-1", "0", "1e308", "0x10", " 1", "9007199254740993", "9".repeat(40), `0.${"9".repeat(38)}`],
    ...["0000-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "9999-12-31T23:59:59.999Z", "../..", "';--", "%00"],
    ...[-1, 0, 1.5, 1e308, Number.MAX_SAFE_INTEGER + 1, [], {}, [[]], { length: 1 }, "x".repeat(5_000)],
  ),
  fc.string({ unit: "binary", maxLength: 80 }),
  fc.jsonValue({ maxDepth: 4 }),
  fc.constantFrom(80, 5_000).map(nested),
);

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

const texts = fc.oneof(
  fc.constantFrom("", "{", "[1,", "nul", '{"a":1', `{"a":1}{"b":2}`, "\ufeff{}", "[".repeat(60_000)),
  fc.constantFrom('{"__proto__":{"a":1}}', '{"\\u0000":1}', '"\\ud800"', `"${"x".repeat(60_000)}"`),
  fc.string({ unit: "binary", maxLength: 200 }),
);

const venue = new TestVenue({ env: { LOG_LEVEL: "fatal", BOURSE_WITH: "trade-processor" } });
let operatorKey = "";
let routes: readonly Route[] = [];
let asked = 0;

before(async () => {
  await venue.start();
  operatorKey = venue.operatorKey;
  await venue.list(["BTC-USD", "AAPL"]);
  for (const accountId of ["alice", "bob"]) await venue.account(accountId, { USD: "1000000", AAPL: "1000" });
  const { paths } = await venue.operator.call<{
    paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  }>("GET", "/api-docs");
  routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
});

after(() => venue.remove());

function placesOf({ method, operation }: Route): readonly Place[] {
  const { parameters = [], requestBody } = operation;
  const named = parameters.map((parameter): Place => ({ in: parameter.in, name: parameter.name }));
  const unknown: Place = { in: "query", name: "noSuchParameter" };
  if (requestBody === undefined) return [...named, unknown];
  const { examples = {} } = requestBody.content["application/json"];
  const bodies = [{}, ...Object.values(examples).map(({ value }) => value)];
  const inBodies = bodies.flatMap((example): readonly Place[] =>
    [...fieldsOf(example), ["noSuchField"]].map((at) => ({ in: "body", at, example })),
  );
  return method === "GET" ? named : [...named, unknown, { in: "text" }, ...inBodies];
}

function fieldsOf(value: unknown): readonly (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    [name],
    ...fieldsOf(inner).map((below) => [name, ...below]),
  ]);
}

function replaced(value: unknown, [name, ...below]: readonly string[], by: unknown): unknown {
  if (name === undefined) return by;
  const inner = (value as Readonly<Record<string, unknown>>)[name];
  const changed = replaced(inner, below, by);
  if (Array.isArray(value)) return value.map((item, index) => (String(index) === name ? changed : item));
  return { ...(value as object), [name]: changed };
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: {
    readonly code?: string;
    readonly errors?: readonly { readonly field: string; readonly given: string; readonly allowed: string }[];
  };
}

/** The route's own example with something in a place of it; null where HTTP itself can't carry it. */
async function ask(route: Route, place: Place, value: unknown): Promise<Answer | null> {
  asked++;
  const { method, path, operation } = route;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const written = encodeURIComponent(text.toWellFormed());
  const known: Readonly<Record<string, string>> = { accountId: "alice", symbol: "AAPL", asset: "USD" };
  const address = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    place.in === "path" && place.name === name ? written : (known[name] ?? "x"),
  );
  const query = place.in === "query" ? `?${place.name}=${written}` : "";
  const key = place.in === "header" ? text : `malformed-${asked}`;
  if (/[^\t\x20-\x7e\x80-\xff]/.test(key) || address.length + query.length + key.length > 16_000) return null;
  const examples = operation.requestBody?.content["application/json"].examples ?? {};
  const [example = { value: {} }] = Object.values(examples);
  const body =
    place.in === "text"
      ? text
      : JSON.stringify(place.in === "body" ? replaced(place.example, place.at, value) : example.value);
  const response = await fetch(`${venue.gatewayUrl}${address}${query}`, {
    method,
    headers: {
      authorization: `Bearer ${operatorKey}`,
      "content-type": "application/json",
      "idempotency-key": key,
    },
    ...(operation.requestBody === undefined ? {} : { body }),
    signal: AbortSignal.timeout(120_000),
  });
  const type = response.headers.get("content-type") ?? "";
  const received = await response.text();
  return { status: response.status, type, body: type.includes("json") ? JSON.parse(received) : {} };
}

function check({ operation }: Route, place: Place, value: unknown, { status, type, body }: Answer): void {
  const said = `${status} ${JSON.stringify(body).slice(0, 300)}`;
  const documented = operation.responses[String(status)];
  assert.ok(status !== 500 && status !== 502, said);
  if (status < 400) {
    assert.ok(documented !== undefined, said);
    assert.ok(!isSurelyWrong(place, value), `taken: ${said}`);
    return;
  }
  assert.match(type, /^application\/problem\+json/, said);
  const codes = Object.keys(documented?.content?.["application/problem+json"]?.examples ?? {});
  assert.ok([...codes, ...OF_ANY_ADDRESS].includes(body.code ?? ""), `not in the document: ${said}`);
  if (body.code === "validation_failed") assert.ok((body.errors ?? []).length > 0, said);
  for (const { field, given, allowed } of body.errors ?? []) {
    assert.ok(field !== "" && given.length > 0 && allowed !== "", said);
    assert.ok(field.length <= 210 && given.length <= 100 && !/undefined|\[object/.test(allowed), said);
  }
}

/** What no schema admits: fields that it does not know, and objects or lists where an example has a text or a number. */
function isSurelyWrong(place: Place, value: unknown): boolean {
  if (place.in === "query") return place.name === "noSuchParameter";
  if (place.in !== "body") return false;
  if (place.at[0] === "noSuchField") return true;
  const given = place.at.reduce<unknown>(
    (inner, name) => (inner as Record<string, unknown>)[name],
    place.example,
  );
  return typeof given !== "object" && typeof value === "object" && value !== null;
}

async function test(route: Route): Promise<void> {
  const places = placesOf(route);
  const property = fc.asyncProperty(
    fc
      .constantFrom(...places)
      .chain((place) => fc.tuple(fc.constant(place), place.in === "text" ? texts : hostile)),
    async ([place, value]) => {
      const answer = await ask(route, place, value);
      if (answer !== null) check(route, place, value, answer);
    },
  );
  try {
    await fc.assert(property, { seed: SEED, numRuns: REQUESTS_A_ROUTE });
  } catch (cause) {
    throw new Error(`${route.method} ${route.path}, seed ${SEED}`, { cause });
  }
}

describe("malformed requests", { timeout: 900_000 }, () => {
  it("are answered by every route as its document says", async () => {
    const left = [...routes];
    assert.ok(left.length > 90, `${left.length} routes`);
    const worker = async (): Promise<void> => {
      for (let route = left.shift(); route !== undefined; route = left.shift()) await test(route);
    };
    await Promise.all(Array.from({ length: ROUTES_AT_ONCE }, worker));
    assert.ok(asked > 20 * routes.length, `${asked} requests`);
  });

  it("leave a venue whose rules hold", async () => {
    assert.deepEqual(await venue.violations(), []);
  });
});
