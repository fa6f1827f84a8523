import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT, readFiles } from "../repository.ts";

const document = readFileSync(join(ROOT, "docs/configuration.md"), "utf8");

/** Of the operating system, of npm, and of tests. */
const NOT_OURS = /^(PATH|LC_ALL|CI|INIT_CWD|NODE_OPTIONS|XDG_CACHE_HOME|BOURSE_TEST_.*|BOURSE_CHROMIUM)$/;
const READ = /\benv(?:ironment)?\??\.([A-Z][A-Z0-9_]+)|\.env\(\s*"([A-Z0-9_]+)"/g;

test("docs/configuration.md has every environment variable that the sources read", () => {
  const sources = readFiles(
    (path) =>
      /^(apps|packages|platform|services)\/.*\.ts$/.test(path) && !/\.test\.ts$|\/testing\//.test(path),
  );
  const read = new Set(sources.flatMap(({ text }) => [...text.matchAll(READ)].map((at) => at[1] ?? at[2])));
  assert.ok(read.has("DATABASE_URL") && read.has("CLICKHOUSE_URL"), "reads of both forms are found");
  const ours = [...read].filter((name) => name !== undefined && !NOT_OURS.test(name));
  assert.deepEqual(
    ours.filter((name) => !document.includes(`| \`${name}\``)),
    [],
  );
});
