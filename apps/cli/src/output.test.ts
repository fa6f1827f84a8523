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

  it("commands no terminal: what others have written is shown, not obeyed", () => {
    const hostile = "\u001b]0;x\u0007\u009b2J\u007f\u202egnp\r\ttext";
    const shown = "\\u001b]0;x\\u0007\\u009b2J\\u007f\\u202egnp\\u000d\\u0009text";
    const { output, stdout, stderr } = testOutput();
    output.line(hostile);
    output.note(hostile);
    // A tab is no command in a line of its own; in a cell it would move the columns.
    const line = `${shown.replace("\\u0009", "\t")}\n`;
    assert.deepEqual([stdout(), stderr()], [line, line]);
    const cells = testOutput();
    cells.output.facts([["name", `a\nstatus  OPEN ${hostile}`]]);
    cells.output.table(["name"], [[`b\n${hostile}`]]);
    assert.match(cells.stdout(), /^name {2}a\\u000astatus/);
    assert.ok(cells.stdout().includes(`b\\u000a${shown}`));
    assert.doesNotMatch(cells.stdout(), /(?!\n)[\p{Cc}\p{Bidi_Control}]/u);
  });

  it("with --json commands none either, and says the same", () => {
    const { output, stdout } = testOutput({ json: true });
    const remark = "\u009b2J\u007f\u202egrün €";
    output.result({ remark });
    assert.equal(stdout(), '{"remark":"\\u009b2J\\u007f\\u202egrün €"}\n');
    assert.deepEqual(JSON.parse(stdout()), { remark });
  });

  it("shows no bar where nobody watches", () => {
    const { output, stdout, stderr } = testOutput();
    const progress = startProgress(output, { title: "t", unit: "u", total: 2 });
    progress.at(1);
    progress.end();
    assert.equal(stdout() + stderr(), "");
  });
});
