import assert from "node:assert/strict";
import { test } from "node:test";
import { allDefinitions } from "./definitions.ts";

interface Schema {
  readonly type?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** The numbers in a schema that may be as low or as high as one likes. */
function unbounded(schema: Schema | undefined, path: string): readonly string[] {
  if (schema === undefined) return [];
  const { type, minimum, maximum, properties = {}, items, anyOf = [] } = schema;
  const isNumber = type === "integer" || type === "number";
  return [
    ...(isNumber && (minimum === undefined || maximum === undefined) ? [path] : []),
    ...Object.entries(properties).flatMap(([name, each]) => unbounded(each, `${path}.${name}`)),
    ...unbounded(items, `${path}[]`),
    ...anyOf.flatMap((each) => unbounded(each, path)),
  ];
}

test("each number that a request may have is within bounds: 10^23 is refused, and no database is asked", () => {
  let looked = 0;
  const found = allDefinitions.flatMap(({ name, routes }) =>
    (typeof routes === "function" ? [] : routes).flatMap(({ method, path, params, query, body }) => {
      looked++;
      const route = `${name}: ${method} ${path}`;
      return [params, query, body].flatMap((schema) => unbounded(schema as Schema | undefined, route));
    }),
  );
  assert.ok(looked > 50, `${looked} routes were looked at`);
  assert.deepEqual(found, []);
});
