import assert from "node:assert/strict";
import { glob, readFile } from "node:fs/promises";
import { test } from "node:test";
import { HOLD_REFUSALS, RISK_REFUSALS } from "@bourse/contracts";
import { errorsDocument } from "./errors-document.ts";
import { problem } from "./problem.ts";
import { isProblemCode, type ProblemCode, problemCatalogue, problemEntry } from "./problem-catalogue.ts";

const repository = new URL("../../../", import.meta.url);
const codes = Object.keys(problemCatalogue) as ProblemCode[];

test("docs/errors.md is what the catalogue says (npm run generate writes it)", async () => {
  const written = await readFile(new URL("docs/errors.md", repository), "utf8");
  assert.equal(written, errorsDocument());
});

test("codes are snake_case, statuses are those of refusals, titles belong to one code", () => {
  for (const code of codes) {
    assert.match(code, /^[a-z]+(_[a-z]+)*$/);
    const { status, title, meaning } = problemEntry(code);
    assert.ok(status >= 400 && status < 600, code);
    assert.ok(title.length > 0 && !title.endsWith("."), code);
    assert.ok(meaning.endsWith(".") || meaning.endsWith(")"), `${code}: ${meaning}`);
  }
  assert.equal(new Set(codes.map((code) => problemEntry(code).title)).size, codes.length);
});

test("whatever may be retried says when", () => {
  for (const code of codes) {
    const { headers, status } = problem(code, "x");
    assert.equal(headers?.["retry-after"] !== undefined, status === 429 || status === 503, code);
    if (status === 503) assert.equal(problemEntry(code).retryable, true, code);
  }
});

test("refusals that services tell each other have a code for the client", () => {
  for (const code of [...HOLD_REFUSALS, ...RISK_REFUSALS]) assert.ok(isProblemCode(code), code);
});

test("sources use catalogued codes only", async () => {
  let uses = 0;
  for await (const file of glob("{packages/host,services/*}/src/**/*.ts", { cwd: repository })) {
    if (file.endsWith(".test.ts")) continue;
    const source = await readFile(new URL(file, repository), "utf8");
    for (const [, code] of source.matchAll(/\bproblem\(\s*"([^"]+)"/g)) {
      uses += 1;
      assert.ok(isProblemCode(code ?? ""), `${file} uses ${code}, which the catalogue does not have`);
    }
  }
  assert.ok(uses > 10, `the check looked at ${uses} uses`);
});

test("every code is given by somebody", async () => {
  const unused = new Set<string>(codes);
  for await (const file of glob("{packages,services}/*/src/**/*.ts", { cwd: repository })) {
    // What says which codes there are gives none; the client's types are made from it.
    if (/\.test\.ts$|\.gen\.ts$|\/(problem-catalogue|openapi)\.ts$/.test(file)) continue;
    const source = await readFile(new URL(file, repository), "utf8");
    for (const code of unused) if (source.includes(`"${code}"`)) unused.delete(code);
  }
  assert.deepEqual([...unused], []);
});

test("a problem carries its extensions and field errors beside the members of RFC 9457", () => {
  const { body, headers } = problem("insufficient_funds", "needs 12.00 USD, has 3.00", {
    errors: [{ field: "quantity", given: '"4"', allowed: "less" }],
    extensions: { required: "12.00", available: "3.00" },
    headers: { "x-more": "1" },
  });
  assert.deepEqual(body, {
    type: "urn:bourse:problem:insufficient_funds",
    title: "The available balance is too small",
    status: 422,
    code: "insufficient_funds",
    detail: "needs 12.00 USD, has 3.00",
    errors: [{ field: "quantity", given: '"4"', allowed: "less" }],
    required: "12.00",
    available: "3.00",
  });
  assert.deepEqual(headers, { "content-type": "application/problem+json", "x-more": "1" });
});

test("what was given is shown in at most 100 characters, and a text that was empty is seen", () => {
  const given = ["", "x".repeat(100), "x".repeat(101)];
  const { body } = problem("invalid_cursor", "no", {
    errors: given.map((each) => ({ field: "cursor", given: each, allowed: "another" })),
  });
  assert.deepEqual(
    body.errors?.map((fault) => fault.given),
    ['""', "x".repeat(100), `${"x".repeat(99)}…`],
  );
});
