import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { Command } from "commander";
import { EXIT, EXIT_MEANINGS } from "./exit-codes.ts";
import { buildProgram } from "./program.ts";

const MAIN = join(import.meta.dirname, "main.ts");

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "bourse-cli-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** The command as a person runs it. Nothing listens on port 1. */
function bourse(args: readonly string[], data: string, more: Readonly<Record<string, string>> = {}) {
  const env = {
    ...process.env,
    ...more,
    BOURSE_DATA: data,
    BOURSE_URL: "http://127.0.0.1:1",
    BOURSE_KEY: "",
    KAFKA_BOOTSTRAP_SERVERS: "",
    KAFKA_TOPIC: "",
    INIT_CWD: data,
  };
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { env, encoding: "utf8" });
  return { status, stdout, stderr };
}

function commands(command: Command): readonly Command[] {
  return command.commands.flatMap((each) => (each.commands.length > 0 ? commands(each) : [each]));
}

describe("the command line", () => {
  it("shows every command with a description and examples that it understands", async () => {
    const all = commands(await buildProgram());
    assert.ok(all.length >= 14);
    for (const command of all) {
      let help = "";
      command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
      assert.match(help, /Examples:\n {2}\$ bourse /, command.name());
      assert.notEqual(command.description(), "");
    }
  });

  it("loads a command by itself, under its own name", async () => {
    for (const { name } of (await buildProgram()).commands.map((command) => ({ name: command.name() }))) {
      const [command, ...others] = (await buildProgram(name)).commands;
      assert.deepEqual([command?.name(), others], [name, []]);
    }
  });

  it("stops a platform, and says how one is, without loading one", (t) => {
    const watch = `import { registerHooks } from "node:module";
      registerHooks({ load: (url, context, next) => {
        const [service] = /services\\/[^/]+/.exec(url) ?? [];
        if (service !== undefined) console.error("loads", service);
        return next(url, context);
      } });`;
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(watch)}` };
    const data = folder(t);
    for (const command of ["down", "status"])
      assert.doesNotMatch(bourse([command], data, env).stderr, /loads/, command);
    assert.match(
      bourse(["recover", "nothing"], data, env).stderr,
      /loads services/,
      "it sees what is loaded",
    );
  });

  it("documents every exit code", async () => {
    let help = "";
    (await buildProgram()).configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    for (const code of Object.values(EXIT)) {
      assert.ok(help.includes(`${code}  ${EXIT_MEANINGS[code]}`), String(code));
    }
  });

  it("tells why nothing answers where a service has refused to start: its database was restored (R6)", (t) => {
    const data = folder(t);
    mkdirSync(join(data, "refusals"));
    const message = "order does not start: ... run `bourse recover order --dry-run`";
    writeFileSync(
      join(data, "refusals/order.json"),
      JSON.stringify({ service: "order", message, at: "now" }),
    );
    const { status, stderr } = bourse(["status"], data);
    assert.equal(status, EXIT.restored);
    assert.match(stderr, /bourse recover order/);
  });

  it("has one file for each command", async () => {
    const files = readdirSync(join(import.meta.dirname, "commands")).map((file) => file.replace(".ts", ""));
    assert.deepEqual(files.sort(), (await buildProgram()).commands.map((command) => command.name()).sort());
  });

  for (const [name, args, code, words] of [
    ["no such command", ["frobnicate"], EXIT.usage, /unknown command/],
    ["no such option", ["book", "X", "--wide"], EXIT.usage, /unknown option/],
    ["a number that is none", ["book", "X", "--depth", "many"], EXIT.usage, /whole number from 1 to 5000/],
    ["no such service", ["up", "--only", "walet"], EXIT.usage, /wallet/],
    ["a detached service", ["up", "--detach", "--only", "wallet"], EXIT.usage, /--detach: not with --only/],
    [
      "no such service with it",
      ["up", "--detach", "--with", "tea"],
      EXIT.usage,
      /BOURSE_WITH \(--with\) is tea/,
    ],
    [
      "an address that is none",
      ["status", "--url", "here"],
      EXIT.usage,
      /--url: here -> an http or https URL/,
    ],
    [
      "a broker that does not answer",
      ["tail", "trades", "--kafka", "127.0.0.1:1"],
      EXIT.unreachable,
      /no connection to the broker 127.0.0.1:1/,
    ],
    ["a folder without a name", ["up", "--data", ""], EXIT.usage, /--data: nothing -> a folder's name/],
    [
      "no folder to remove",
      ["reset", "--yes", "--data", ""],
      EXIT.usage,
      /--data: nothing -> a folder's name/,
    ],
    [
      "a key with its line end",
      ["status", "--key", "bk_1\r"],
      EXIT.usage,
      /5 characters -> .* without blanks/,
    ],
    ["a key that is none", ["status", "--key", ""], EXIT.usage, /the key .*: 0 characters/],
    ["a gateway behind a path", ["status", "--url", "http://a/b"], EXIT.usage, /a URL without a path/],
    ["too large a batch", ["replay", "f.csv", "--batch", "1001"], EXIT.usage, /from 1 to 1000/],
    ["nothing that answers", ["book", "X"], EXIT.unreachable, /no platform answers at http:\/\/127.0.0.1:1/],
    ["nothing to verify", ["verify"], EXIT.unreachable, /no platform answers at http:\/\/127.0.0.1:1/],
    ["a file that is not there", ["replay", "nothing.csv"], EXIT.usage, /nothing.csv does not exist/],
    ["a redrive of nobody knows what", ["dlq", "redrive"], EXIT.usage, /name one, give a filter, or --all/],
    ["a drop without a reason", ["dlq", "drop", "--all"], EXIT.usage, /--reason/],
    [
      "two things to do at once",
      ["rebuild", "portfolio", "positions", "--status", "--abort"],
      EXIT.usage,
      /'--status' cannot be used with option '--abort'/,
    ],
    ["a projection of nobody's", ["rebuild", "walet", "positions"], EXIT.usage, /choices are portfolio/],
    ["a record that is none", ["dlq", "show", "17"], EXIT.usage, /wallet\/settlement\/trade-events\/2\/17/],
    ["a stream on the platform's own topic", ["produce", "--topic-prefix", ""], EXIT.usage, /topic-prefix/],
    ["a stream without brokers", ["produce"], EXIT.missingPart, /KAFKA_BOOTSTRAP_SERVERS: not set/],
    ["a share that is none", ["produce", "--poison", "2"], EXIT.usage, /share from 0 to 1/],
    ["an order without a name", ["order", "cancel"], EXIT.usage, /--client-order-id/],
  ] as const) {
    it(`ends with ${code} for ${name}`, (t) => {
      const { status, stderr, stdout } = bourse(args, folder(t));
      assert.match(stderr, words);
      assert.equal(status, code);
      assert.equal(stdout, "");
    });
  }

  it("with --json tells a line that it does not understand so, too", (t) => {
    for (const [line, words] of [
      ["accounts create --json", /^missing required argument 'account'$/],
      ["stauts --json", /^unknown command 'stauts'/],
      ["tail trade-events -n 0 --json", /^option '-n, --limit <count>' argument '0' is invalid/],
    ] as const) {
      const { status, stdout } = bourse(line.split(" "), folder(t));
      const { error } = JSON.parse(stdout);
      assert.deepEqual([status, error.exitCode], [EXIT.usage, EXIT.usage], line);
      assert.match(error.message, words);
    }
    assert.equal(bourse(["tail", "--help", "--json"], folder(t)).status, EXIT.ok);
  });

  it("with --json tells an error as the one object of stdout, too", (t) => {
    const { status, stdout } = bourse(["status", "--json"], folder(t));
    const { error } = JSON.parse(stdout);
    assert.deepEqual([status, error.exitCode], [EXIT.unreachable, EXIT.unreachable]);
  });

  it("ends with the same code where nobody reads what it says of its work", async (t) => {
    const env = { ...process.env, BOURSE_DATA: folder(t), BOURSE_URL: "http://127.0.0.1:1" };
    const child = spawn(process.execPath, [MAIN, "status"], { env, stdio: ["ignore", "ignore", "pipe"] });
    child.stderr.destroy();
    const [code] = await once(child, "exit");
    assert.equal(code, EXIT.unreachable);
  });

  it("finds what runs by the data folder, and stops nothing where nothing runs", (t) => {
    const data = folder(t);
    const { status, stdout } = bourse(["down", "--json"], data);
    assert.equal(status, EXIT.ok);
    assert.deepEqual(JSON.parse(stdout), { dataFolder: data, stopped: [] });
  });
});

describe("reset", () => {
  it("asks, and removes nothing where there is nobody to ask", (t) => {
    const data = folder(t);
    writeFileSync(join(data, "data.json"), "{}");
    assert.equal(bourse(["reset"], data).status, EXIT.usage);
    assert.deepEqual(readdirSync(data), ["data.json"]);
    assert.equal(bourse(["reset", "--yes"], data).status, EXIT.ok);
    assert.throws(() => readdirSync(data));
  });

  it("removes no folder that is not a data folder", (t) => {
    const data = folder(t);
    writeFileSync(join(data, "thesis.txt"), "");
    assert.equal(bourse(["reset", "--yes"], data).status, EXIT.usage);
    assert.deepEqual(readdirSync(data), ["thesis.txt"]);
  });

  it("refuses while a platform runs from the folder", (t) => {
    const data = folder(t);
    writeFileSync(join(data, "data.json"), "{}");
    const at = { gatewayUrl: "http://127.0.0.1:1", startedAt: "", services: [] };
    const run = { version: 1, bus: "embedded", ...at, processes: [{ name: "platform", pid: process.pid }] };
    writeFileSync(join(data, "run.json"), JSON.stringify(run));
    assert.equal(bourse(["reset", "--yes"], data).status, EXIT.alreadyRunning);
    assert.ok(readdirSync(data).includes("data.json"));
  });
});
