import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

/** docs/races.md promises code and a test for each promise of R10, R11, R13 and R14. */

const ROOT = join(import.meta.dirname, "../..");

interface Promised {
  readonly promise: string;
  readonly code: string;
  readonly tests: string;
}

function rowsOf(document: string): readonly Promised[] {
  return document.split("\n").flatMap((line) => {
    if (!line.startsWith("|") || line.startsWith("|---") || line.startsWith("| promise")) return [];
    const [promise = "", code = "", tests = ""] = line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim());
    return [{ promise, code, tests }];
  });
}

/** Files of a cell. What has no folder of its own stands beside, or in the same service as, the one before it. */
function filesOf(cell: string): readonly string[] {
  const files: string[] = [];
  for (const [, name = ""] of cell.matchAll(/`([^`]+\.ts)`/g)) {
    const before = files.at(-1) ?? "";
    const source = before.slice(0, before.indexOf("/src/") + "/src".length);
    const places = name.includes("/src/")
      ? [name, join("services", name)]
      : [join(dirname(before), name), join(source, name)];
    files.push(places.find((place) => existsSync(join(ROOT, place))) ?? name);
  }
  return files;
}

/** The names of tests in a cell, cut where the document leaves words out. */
function namesOf(cell: string): readonly string[] {
  const names = [...cell.matchAll(/(?<!`)\*([^*]+)\*/g)].map(([, name = ""]) => name);
  return names.flatMap((name) => name.split("...").map((part) => part.trim())).filter((part) => part !== "");
}

const rows = rowsOf(readFileSync(join(ROOT, "docs/races.md"), "utf8"));

test("each promise has a test, or the decision that says why not", () => {
  assert.ok(rows.length > 30);
  for (const { promise, code, tests } of rows)
    assert.ok(
      filesOf(tests).some((file) => file.endsWith(".test.ts")) || /decision \d{4}/.test(code),
      promise,
    );
});

test("every file and every test that is named exists", () => {
  for (const { promise, code, tests } of rows) {
    for (const file of [...filesOf(code), ...filesOf(tests)])
      assert.ok(existsSync(join(ROOT, file)), `${promise}: ${file}`);
    const text = filesOf(tests)
      .map((file) => readFileSync(join(ROOT, file), "utf8"))
      .join("\n");
    for (const name of namesOf(tests)) assert.ok(text.includes(name), `${promise}: ${name}`);
  }
});
