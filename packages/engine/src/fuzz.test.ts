import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { SELF_TRADE } from "./commands.ts";
import { compareSteps, ENGINE, type EngineMaker, fuzzSteps } from "./testing/compare-engines.ts";
import { shrink } from "./testing/fuzz/shrink.ts";

/** Forgets self-trade prevention at the edge: as wrong as an engine can be that looks right. */
const FORGETFUL: EngineMaker = {
  ...ENGINE,
  create: (options) => {
    const engine = ENGINE.create(options);
    const place = engine.place.bind(engine);
    engine.place = (command) => place({ ...command, selfTrade: SELF_TRADE.NONE });
    return engine;
  },
};

test("a difference is shrunk to the few commands that show it", () => {
  const shrunk = shrink(3, fuzzSteps(3, 1_500), FORGETFUL);
  assert.ok(shrunk !== undefined, "the forgetful engine is found out");
  assert.match(shrunk.message, /differ after command/);
  assert.ok(shrunk.steps.length <= 6, `a few commands are enough, got ${shrunk.steps.length}`);
  assert.equal(shrink(3, fuzzSteps(3, 300)), undefined, "equal engines show nothing");
});

test("the engine and the naive engine agree, whatever is left out of the commands of any seed", () => {
  fc.assert(
    fc.property(fc.nat(), fc.array(fc.nat(250), { maxLength: 40 }), (seed, leftOut) => {
      const missing = new Set(leftOut);
      compareSteps(
        seed,
        fuzzSteps(seed, 250).filter((_, index) => !missing.has(index)),
      );
    }),
    { numRuns: 25 },
  );
});

test("the fuzzer counts what it ran and ends with no difference", () => {
  const main = fileURLToPath(new URL("testing/fuzz/main.ts", import.meta.url));
  const told = execFileSync(process.execPath, [main, "--seed", "7", "--commands", "6000", "--json"], {
    encoding: "utf8",
  });
  const report = JSON.parse(told.trim().split("\n").at(-1) ?? "");
  assert.equal(report.differences, 0);
  assert.equal(report.commands, 6_000);
  assert.deepEqual([report.firstSeed, report.lastSeed, report.seeds], [7, 9, 3]);
  assert.match(told, /^no difference$/m);
});
