import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";

const example = join(import.meta.dirname, "testing", "worked-example.fixture.ts");
const readme = readFileSync(join(import.meta.dirname, "..", "README.md"), "utf8");

it("the worked example of the README is this file, and prints what the README says", () => {
  const [, code, output] = /```ts\n(.*?)```\n+prints\n+```\n(.*?)```/s.exec(readme) ?? assert.fail();
  assert.equal(code?.replace("@bourse/positions", "../index.ts"), readFileSync(example, "utf8"));
  assert.equal(execFileSync(process.execPath, [example], { encoding: "utf8" }), output);
});
