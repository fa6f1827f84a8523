import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { PlatformError } from "../platform-error.ts";
import {
  cachedProgram,
  type DebianProgram,
  programSkip,
  provisionProgram,
  type Run,
  withLibraries,
} from "./debian-program.ts";
import { CLICKHOUSE } from "./start-clickhouse.ts";
import { PROMETHEUS } from "./start-prometheus.ts";

interface Machine {
  readonly environment: { readonly XDG_CACHE_HOME: string; readonly CI?: string };
  readonly calls: string[];
  readonly run: Run;
}

interface Given {
  readonly programs: readonly string[];
  readonly lists?: boolean;
  readonly root?: boolean;
  /** With what the program out of the package ends. */
  readonly endsWith?: number;
}

/** What the packages hold, besides documents. */
const CONTENT: Readonly<Record<string, string>> = {
  prometheus: "usr/bin/prometheus",
  "clickhouse-server": "usr/sbin/clickhouse-server",
  libre2: "usr/lib/x86_64-linux-gnu/libre2.so.9",
  libpcre3: "lib/x86_64-linux-gnu/libpcre.so.3",
};

/** A machine with some programs; `apt-get` finds packages once the lists are there. */
function machine(t: TestContext, given: Given): Machine {
  const cache = mkdtempSync(join(tmpdir(), "bourse-programs-"));
  t.after(() => rmSync(cache, { recursive: true, force: true }));
  const calls: string[] = [];
  let lists = given.lists ?? false;
  const apt = ([command, ...options]: readonly string[], folder: string): string => {
    if (command === "update") {
      if (given.root !== true)
        throw new Error("Command failed\nE: Could not open lock file: permission denied");
      lists = true;
    }
    if (!lists && command !== "--version") throw new Error("Command failed\nE: Unable to locate package");
    if (command === "install") {
      const names = ["libre2", "libpcre3", String(options.at(-1))];
      return [...names.map((name) => `Inst ${name} (1 Debian)`), "Conf libre2 (1 Debian)"].join("\n");
    }
    if (command === "download")
      for (const name of options.filter((option) => option !== "-q"))
        writeFileSync(join(folder, `${name}_2_amd64.deb`), "");
    return "";
  };
  return {
    environment: { XDG_CACHE_HOME: cache },
    calls,
    run: async (program, options, folder = "") => {
      calls.push([program, ...options].join(" "));
      if (existsSync(program) && given.endsWith !== undefined)
        throw Object.assign(new Error("Command failed"), { code: given.endsWith });
      if (!given.programs.includes(program) && !existsSync(program))
        throw Object.assign(new Error(`spawn ${program} ENOENT`), { code: "ENOENT" });
      if (program === "apt-get") return apt(options, folder);
      if (program === "dpkg-deb" && options[0] === "-x")
        unpack(String(options[1]), join(folder, String(options[2])));
      return "";
    },
  };
}

function unpack(archive: string, folder: string): void {
  const [name = ""] = archive.split("_");
  for (const path of [CONTENT[name] ?? "", `usr/share/doc/${name}/copyright`]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), `of ${name}`);
  }
}

const DEBIAN = ["apt-get", "dpkg-deb"];
const fetched: readonly { readonly program: DebianProgram; readonly kept: readonly string[] }[] = [
  { program: PROMETHEUS, kept: ["prometheus"] },
  { program: CLICKHOUSE, kept: ["clickhouse-server", "libpcre.so.3", "libre2.so.9"] },
];

for (const { program, kept } of fetched) {
  const { name, title, variable } = program;

  describe(`${title} is`, () => {
    test("the one that is named, without a look at it", async (t) => {
      const { environment, run, calls } = machine(t, { programs: [] });
      const named = { ...environment, [variable]: "/opt/program" };
      assert.equal(await provisionProgram(program, { environment: named, run }), "/opt/program");
      assert.deepEqual(calls, []);
    });

    test("the one on the path", async (t) => {
      const { environment, run } = machine(t, { programs: [name] });
      assert.equal(await provisionProgram(program, { environment, run }), name);
    });

    test("taken out of Debian's package once, and from the cache later", async (t) => {
      const { environment, run, calls } = machine(t, { programs: DEBIAN, lists: true });
      const said: string[] = [];
      const file = await provisionProgram(program, { environment, run, progress: (line) => said.push(line) });
      assert.equal(file, cachedProgram(program, environment));
      assert.equal(readFileSync(file, "utf8"), `of ${name}`);
      assert.deepEqual(readdirSync(dirname(file)).sort(), kept);
      assert.equal(said.length, 1);
      calls.length = 0;
      assert.equal(await provisionProgram(program, { environment, run }), file);
      assert.deepEqual(calls, [`${name} --version`, `${file} --version`]);
    });

    test("not to be had: it says what would help, and in CI nothing is skipped", async (t) => {
      for (const { given, says } of [
        { given: machine(t, { programs: [] }), says: /no apt-get/ },
        { given: machine(t, { programs: DEBIAN }), says: /permission denied.*apt-get update` as root/ },
        { given: machine(t, { programs: DEBIAN, lists: true, endsWith: 127 }), says: /does not run/ },
      ]) {
        const { environment, run } = given;
        const reason = (await programSkip(program, { environment, run })) ?? "";
        assert.match(reason, says);
        assert.ok(reason.startsWith(`there is no ${title}: `) && reason.includes(variable), reason);
        await assert.rejects(
          programSkip(program, { environment: { ...environment, CI: "true" }, run }),
          (error: unknown) =>
            error instanceof PlatformError && error.code === "missing_part" && error.message === reason,
        );
      }
    });
  });
}

describe("a program out of Debian packages", () => {
  test("is fetched after the lists, where they are not there yet", async (t) => {
    const { environment, run, calls } = machine(t, { programs: DEBIAN, root: true });
    await provisionProgram(PROMETHEUS, { environment, run });
    assert.deepEqual(
      calls.filter((call) => call.startsWith("apt-get") && !call.includes("--version")),
      ["apt-get download -q prometheus", "apt-get update -q", "apt-get download -q prometheus"],
    );
  });

  test("brings what the machine lacks of its libraries, and installs nothing", async (t) => {
    const { environment, run, calls } = machine(t, { programs: DEBIAN, lists: true });
    await provisionProgram(CLICKHOUSE, { environment, run });
    assert.deepEqual(
      calls.filter((call) => call.startsWith("apt-get") && !call.includes("--version")),
      [
        "apt-get install -s -q --no-install-recommends clickhouse-server",
        "apt-get download -q libre2 libpcre3 clickhouse-server",
      ],
    );
  });

  test("is skipped where its cache can't be made, with how to have it elsewhere", async (t) => {
    const { run } = machine(t, { programs: ["apt-get", "dpkg-deb"], lists: true });
    const reason = await programSkip(PROMETHEUS, { environment: { XDG_CACHE_HOME: "/dev/null" }, run });
    assert.match(reason ?? "", /\(ENOTDIR\): XDG_CACHE_HOME names/);
  });

  test("runs, whatever it ends with, unless a library is missing", async (t) => {
    const { environment, run } = machine(t, { programs: DEBIAN, lists: true, endsWith: 78 });
    assert.equal(await programSkip(CLICKHOUSE, { environment, run }), undefined);
  });

  test("finds its libraries beside it, and one on the path the machine's", () => {
    assert.deepEqual(withLibraries("/cache/clickhouse-server"), { LD_LIBRARY_PATH: "/cache" });
    assert.deepEqual(withLibraries("clickhouse-server"), {});
  });
});
