import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { PlatformError } from "../platform-error.ts";
import { cachedProgram, prometheusSkip, provisionPrometheus, type Run } from "./provision-prometheus.ts";

interface Machine {
  readonly environment: { readonly XDG_CACHE_HOME: string; readonly CI?: string };
  readonly calls: string[];
  readonly run: Run;
}

/** A machine with some programs; `apt-get download` works once the lists are there. */
function machine(
  t: TestContext,
  given: { readonly programs: readonly string[]; readonly lists?: boolean; readonly root?: boolean },
): Machine {
  const cache = mkdtempSync(join(tmpdir(), "bourse-prometheus-"));
  t.after(() => rmSync(cache, { recursive: true, force: true }));
  const calls: string[] = [];
  let lists = given.lists ?? false;
  return {
    environment: { XDG_CACHE_HOME: cache },
    calls,
    run: async (program, options, folder = "") => {
      calls.push([program, ...options].join(" "));
      if (!given.programs.includes(program) && !existsSync(program))
        throw new Error(`spawn ${program} ENOENT`);
      if (options[0] === "download") {
        if (!lists) throw new Error("Command failed\nE: Unable to locate package prometheus");
        writeFileSync(join(folder, "prometheus_2_amd64.deb"), "");
      }
      if (options[0] === "update") {
        if (given.root !== true)
          throw new Error("Command failed\nE: Could not open lock file: permission denied");
        lists = true;
      }
      if (program === "dpkg-deb" && options[0] === "-x") {
        const file = join(folder, "content/usr/bin/prometheus");
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, "the program");
      }
      return "";
    },
  };
}

const DEBIAN = ["apt-get", "dpkg-deb"];

describe("Prometheus is", () => {
  test("the one that is named, without a look at it", async (t) => {
    const { environment, run, calls } = machine(t, { programs: [] });
    const named = { ...environment, BOURSE_PROMETHEUS: "/opt/prometheus" };
    assert.equal(await provisionPrometheus({ environment: named, run }), "/opt/prometheus");
    assert.deepEqual(calls, []);
  });

  test("the one on the path", async (t) => {
    const { environment, run } = machine(t, { programs: ["prometheus"] });
    assert.equal(await provisionPrometheus({ environment, run }), "prometheus");
  });

  test("taken out of Debian's package once, and from the cache later", async (t) => {
    const { environment, run, calls } = machine(t, { programs: DEBIAN, lists: true });
    const said: string[] = [];
    const program = await provisionPrometheus({ environment, run, progress: (line) => said.push(line) });
    assert.equal(program, cachedProgram(environment));
    assert.equal(readFileSync(program, "utf8"), "the program");
    assert.equal(said.length, 1);
    calls.length = 0;
    assert.equal(await provisionPrometheus({ environment, run }), program);
    assert.deepEqual(calls, ["prometheus --version"]);
  });

  test("fetched after the lists, where they are not there yet", async (t) => {
    const { environment, run, calls } = machine(t, { programs: DEBIAN, root: true });
    await provisionPrometheus({ environment, run });
    assert.deepEqual(
      calls.filter((call) => call.startsWith("apt-get") && !call.includes("--version")),
      ["apt-get download -q prometheus", "apt-get update -q", "apt-get download -q prometheus"],
    );
  });

  test("not to be had: it says what would help, and in CI nothing is skipped", async (t) => {
    for (const { given, says } of [
      { given: machine(t, { programs: [] }), says: /no apt-get/ },
      { given: machine(t, { programs: DEBIAN }), says: /permission denied.*apt-get update` as root/ },
    ]) {
      const { environment, run } = given;
      assert.match((await prometheusSkip({ environment, run })) ?? "", says);
      await assert.rejects(
        prometheusSkip({ environment: { ...environment, CI: "true" }, run }),
        (error: unknown) => error instanceof PlatformError && error.code === "missing_part",
      );
    }
  });
});
