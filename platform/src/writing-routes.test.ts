import assert from "node:assert/strict";
import { test } from "node:test";
import type { AnyRoute } from "@bourse/host";
import { allDefinitions } from "./definitions.ts";

const writing = allDefinitions
  .flatMap(({ routes }) =>
    typeof routes === "function"
      ? routes({ services: [], forward: () => ({ status: 500, body: null }) })
      : routes,
  )
  .filter(({ method, access }) => method !== "GET" && access !== "internal");

const nameOf = ({ method, path }: AnyRoute): string => `${method} ${path}`;

test("R10: every public route that changes something says how it happens once", () => {
  assert.ok(writing.length > 20, `${writing.length} routes were looked at`);
  assert.deepEqual(writing.filter(({ idempotency }) => idempotency === undefined).map(nameOf), []);
});

test("R10: keys are of known callers, so that nobody is answered what another one asked for", () => {
  const keyed = writing.filter(({ idempotency }) => typeof idempotency === "string");
  assert.ok(keyed.length >= 8);
  assert.deepEqual(keyed.filter(({ access }) => access === "public").map(nameOf), []);
});
