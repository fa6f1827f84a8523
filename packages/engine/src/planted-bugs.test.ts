import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { PLANTED_BUGS } from "./testing/planted-bugs.ts";
import { compareEngines, type EngineMaker } from "./testing.ts";

registerHooks({
  resolve: (specifier, context, next) => {
    const resolved = next(specifier, context);
    const bug = new URL(context.parentURL ?? "file:///").searchParams.get("bug");
    return bug === null || !specifier.startsWith(".")
      ? resolved
      : { ...resolved, url: `${resolved.url}?bug=${bug}` };
  },
  load: (url, context, next) => {
    const bug = PLANTED_BUGS[Number(new URL(url).searchParams.get("bug") ?? -1)];
    if (bug === undefined || !url.includes(`/${bug.file}?`)) return next(url, context);
    const source = readFileSync(fileURLToPath(url), "utf8");
    assert.equal(source.split(bug.line).length, 2, `${bug.file} has the line of "${bug.bug}" once`);
    return { format: "module-typescript", shortCircuit: true, source: source.replace(bug.line, bug.wrong) };
  },
});

async function judge(bug: number): Promise<void> {
  const { createEngine, restoreEngine } = await import(`./create-engine.ts?bug=${bug}`);
  const maker: EngineMaker = { create: createEngine, restore: restoreEngine };
  for (let seed = 1; seed <= 40; seed++) compareEngines(seed, 1_500, maker);
}

test("an engine loaded without a planted bug passes the comparison", async () => {
  await judge(PLANTED_BUGS.length);
});

for (const [index, { bug }] of PLANTED_BUGS.entries()) {
  test(`the comparison with the naive engine finds a planted bug: ${bug}`, async () => {
    await assert.rejects(judge(index), /differ after command|^InvariantError: /);
  });
}
