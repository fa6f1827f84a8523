import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ROOT, readFiles } from "../repository.ts";
import { allowedFor, unitOf, WEB_MAY_IMPORT } from "./allow-map.ts";

/** The packages in the plan of the house in docs/architecture.md: `name  rank  what it is  may import`. */
const plan = readFileSync(join(ROOT, "docs/architecture.md"), "utf8")
  .split("\n")
  .flatMap((line) => {
    const [, name, imports] = /^(?: {2}|apps\/)([a-z-]+) +\d {2,}.+ {2,}(\S.*)$/.exec(line) ?? [];
    return name === undefined || imports === undefined ? [] : [{ name, imports }];
  });

test("the plan of the house has every package", () => {
  const packages = readFiles((path) => /^packages\/[^/]+\/package\.json$/.test(path)).map(
    ({ path }) => path.split("/")[1],
  );
  const planned = plan.map(({ name }) => name).filter((name) => existsSync(join(ROOT, "packages", name)));
  assert.deepEqual(planned.toSorted(), packages.toSorted());
});

test("it says of each package what it may import", () => {
  for (const { name, imports } of plan) {
    const unit = unitOf(`packages/${name}`);
    if (unit === undefined || !existsSync(join(ROOT, "packages", name))) continue;
    assert.equal(imports, allowedFor(unit).join(", ") || "nothing", name);
  }
});

test("and of the pages in a browser", () => {
  assert.equal(plan.find(({ name }) => name === "console")?.imports, WEB_MAY_IMPORT.join(", "));
});
