import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, type TestContext, test } from "node:test";

const { isCurrent, writeStamp } = createRequire(import.meta.url)("../../../toolchain/installed.cjs") as {
  isCurrent(folder: string): boolean;
  writeStamp(folder: string): void;
};

type Packages = Readonly<Record<string, object>>;

/** A folder with a lock file that wants `wanted` and, where given, npm's record of what it installed. */
function project(t: TestContext, wanted: Packages, installed?: Packages): string {
  const folder = mkdtempSync(join(tmpdir(), "bourse-installed-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  write(folder, "package-lock.json", { packages: { "": {}, ...wanted } });
  if (installed !== undefined) write(folder, "node_modules/.package-lock.json", { packages: installed });
  return folder;
}

function write(folder: string, file: string, content: object): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), JSON.stringify(content));
}

const one = { "node_modules/one": { version: "1.0.0", integrity: "a" } };
const otherPlatform = process.platform === "linux" ? "darwin" : "linux";

describe("node_modules is current", () => {
  test("when npm installed what the lock wants", (t) => {
    assert.equal(isCurrent(project(t, one, one)), true);
  });

  test("by its stamp, until the lock changes", (t) => {
    const folder = project(t, one);
    mkdirSync(join(folder, "node_modules"));
    writeStamp(folder);
    assert.equal(isCurrent(folder), true);
    write(folder, "package-lock.json", {
      packages: { "node_modules/one": { version: "1.0.1", integrity: "b" } },
    });
    assert.equal(isCurrent(folder), false);
  });

  test("without the native packages of other platforms", (t) => {
    const native = { version: "1.0.0", optional: true, os: [otherPlatform] };
    assert.equal(isCurrent(project(t, { ...one, "node_modules/native": native }, one)), true);
  });

  test("in a folder that can't be written to", (t) => {
    const folder = project(t, one, one);
    // Root may write everywhere but into what is not there.
    symlinkSync("nowhere/stamp", join(folder, "node_modules/.bourse-installed"));
    assert.equal(isCurrent(folder), true);
  });

  test("with a workspace that is linked", (t) => {
    const link = { "node_modules/@bourse/base": { resolved: "packages/base", link: true } };
    const folder = project(t, link, link);
    assert.equal(isCurrent(folder), false);
    mkdirSync(join(folder, "packages/base"), { recursive: true });
    mkdirSync(join(folder, "node_modules/@bourse"));
    symlinkSync("../../packages/base", join(folder, "node_modules/@bourse/base"));
    assert.equal(isCurrent(folder), true);
  });
});

describe("node_modules is not current", () => {
  test("when it is not there", (t) => {
    assert.equal(isCurrent(project(t, one)), false);
  });
  test("when npm was ended while it wrote what it has installed", (t) => {
    const folder = project(t, one, one);
    for (const text of ["", '{"packages":{"node_modules/one":{"vers']) {
      writeFileSync(join(folder, "node_modules/.package-lock.json"), text);
      assert.equal(isCurrent(folder), false);
    }
  });
  test("with a package missing", (t) => {
    assert.equal(isCurrent(project(t, one, {})), false);
  });
  test("with another version or content", (t) => {
    assert.equal(
      isCurrent(project(t, one, { "node_modules/one": { version: "1.0.1", integrity: "a" } })),
      false,
    );
    assert.equal(
      isCurrent(project(t, one, { "node_modules/one": { version: "1.0.0", integrity: "b" } })),
      false,
    );
  });
  test("without a native package of this platform, which an older Node leaves out", (t) => {
    const native = { version: "1.0.0", optional: true, os: [process.platform], cpu: [process.arch] };
    assert.equal(isCurrent(project(t, { ...one, "node_modules/native": native }, one)), false);
  });
});
