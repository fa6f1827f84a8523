import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startProgress } from "./progress.ts";
import { testOutput } from "./testing/test-output.ts";

describe("output", () => {
  it("for people is tables and lines on stdout", () => {
    const { output, stdout } = testOutput();
    output.line("Done.");
    output.table(["name", "count"], [["a", "1,000"]]);
    output.result({ a: 1 });
    assert.match(stdout(), /^Done\.\n[\s\S]*│ a {4}│ 1,000 │/);
    assert.ok(!stdout().includes("{"));
  });

  it("with --json is one object and nothing else", () => {
    const { output, stdout, stderr } = testOutput({ json: true });
    output.line("Done.");
    output.table(["name"], [["a"]]);
    output.facts([["name", "a"]]);
    output.note("working");
    output.result({ a: 1 });
    assert.equal(stdout(), '{"a":1}\n');
    assert.equal(stderr(), "working\n");
  });

  it("shows no bar where nobody watches", () => {
    const { output, stdout, stderr } = testOutput();
    const progress = startProgress(output, { title: "t", unit: "u", total: 2 });
    progress.at(1);
    progress.end();
    assert.equal(stdout() + stderr(), "");
  });
});
