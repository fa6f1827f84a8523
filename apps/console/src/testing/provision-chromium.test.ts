import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { brotliCompressSync } from "node:zlib";
import { chromiumSkip, provisionChromium, type Run } from "./provision-chromium.ts";

const here = process.platform === "linux" && process.arch === "x64";

function cache(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "bourse-chromium-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** In npm's and tar's place: leaves the package's files behind, and an archive's content. */
function fetching(calls: string[]): Run {
  return async (program, options, folder) => {
    calls.push(`${program} ${options[0]}`);
    if (program === "npm") {
      assert.match(readFileSync(join(folder, "package-lock.json"), "utf8"), /"integrity": "sha512-/);
      const bin = join(folder, "node_modules/@sparticuz/chromium/bin");
      mkdirSync(bin, { recursive: true });
      for (const name of ["chromium", "al2023.tar", "swiftshader.tar"])
        writeFileSync(join(bin, `${name}.br`), brotliCompressSync(Buffer.from(name)));
    }
    return "";
  };
}

describe("the browser of the tests", () => {
  it("is the one that is named, else the machine's own", async (t) => {
    const named = await provisionChromium({ environment: { BOURSE_CHROMIUM: "/opt/chromium" } });
    assert.deepEqual(named, { program: "/opt/chromium" });
    const own = join(cache(t), "chromium");
    writeFileSync(own, "");
    assert.deepEqual(await provisionChromium({ environment: {}, usual: ["/nowhere", own] }), {
      program: own,
    });
  });

  it("is fetched once by its lock, without running a script of it", {
    skip: here ? false : "there is none for this machine",
  }, async (t) => {
    const calls: string[] = [];
    const said: string[] = [];
    const options = {
      environment: { XDG_CACHE_HOME: cache(t) },
      usual: [],
      run: fetching(calls),
      progress: (line: string) => void said.push(line),
    };
    const first = await provisionChromium(options);
    assert.equal(readFileSync(first.program, "utf8"), "chromium");
    assert.deepEqual(calls, ["npm ci", "tar -xf", "tar -xf"]);
    assert.deepEqual(await provisionChromium(options), first);
    assert.deepEqual([calls.length, said.length], [3, 1]);
  });

  it("is skipped with what would help where it can't be had, and never in CI", async (t) => {
    const failing: Run = async () => {
      throw new Error("no network");
    };
    const options = (CI: string) => ({
      environment: { XDG_CACHE_HOME: cache(t), CI },
      usual: [],
      run: failing,
    });
    assert.match((await chromiumSkip(options(""))) ?? "", /there is no Chromium: .*BOURSE_CHROMIUM/);
    await assert.rejects(chromiumSkip(options("true")), /BOURSE_CHROMIUM/);
  });

  it("is skipped where its cache can't be made, with how to have it elsewhere", {
    skip: here ? false : "there is none for this machine",
  }, async () => {
    const environment = { XDG_CACHE_HOME: "/dev/null" };
    assert.match((await chromiumSkip({ environment, usual: [] })) ?? "", /\(ENOTDIR\): XDG_CACHE_HOME names/);
  });
});
