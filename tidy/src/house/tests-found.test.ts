import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { listFiles, ROOT, readFiles } from "../repository.ts";
import { findTests, SUITES, selectTests, suiteOf } from "../test-files.ts";
import { assertNone } from "../testing.ts";
import { checkNoOnly, checkTestsFound } from "./tests-found.ts";

describe("every test is run", () => {
  const found = findTests(ROOT);

  test("the runner finds every test file", () => {
    assert.ok(found.length > 30, `${found.length} files`);
    assertNone(checkTestsFound(listFiles(), found));
  });

  test("none runs alone", () => {
    assertNone(checkNoOnly(readFiles((path) => found.includes(path))));
  });

  test("each belongs to one suite", () => {
    const bySuite = SUITES.map((suite) => found.filter((file) => suiteOf(file) === suite));
    assert.equal(bySuite.flat().length, found.length);
  });
});

describe("a planted fault is found", () => {
  for (const path of [
    "packages/base/src/sum.spec.ts",
    "toolchain/launch.test.cjs",
    "docs/a.test.ts",
    "tests/a.ts",
  ]) {
    test(path, () => assert.equal(checkTestsFound([path], ["packages/base/src/sum.test.ts"]).length, 1));
  }
  test(".only", () => {
    const text = `test.only("a", () => {}); describe("b", () => { it.only("c", () => {}); });`;
    assert.deepEqual(
      checkNoOnly([{ path: "a.test.ts", text }]).map(({ rule }) => rule),
      ["test.only hides all other tests", "it.only hides all other tests"],
    );
  });
});

describe("a selection", () => {
  const files = [
    "packages/a/src/x.int.test.ts",
    "packages/a/src/x.test.ts",
    "packages/ab/src/y.crash.test.ts",
  ];
  const select = (
    paths: readonly string[],
    suites: readonly ("unit" | "int" | "crash")[],
  ): readonly string[] => selectTests(ROOT, files, { suites, paths, from: ROOT });

  test("of nothing is a suite's files", () => {
    assert.deepEqual(select([], ["unit", "int"]), files.slice(0, 2));
    assert.deepEqual(select([], ["crash"]), files.slice(2));
  });
  test("by folder does not take a neighbour with the same beginning", () => {
    assert.deepEqual(select(["packages/a"], ["unit", "int", "crash"]), files.slice(0, 2));
  });
  test("by file takes it whatever its suite", () => {
    assert.deepEqual(select(["packages/ab/src/y.crash.test.ts"], ["unit"]), files.slice(2));
  });
  test("starts from where the person stands", () => {
    const there = { suites: ["unit"], paths: ["src"], from: `${ROOT}/packages/a` } as const;
    assert.deepEqual(selectTests(ROOT, files, there), [files[1]]);
  });
  test("of a path without tests is refused", () => {
    assert.throws(() => select(["packages/none"], ["unit"]), /no unit test at packages\/none/);
  });
});
