import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { kafkaSkip } from "@bourse/bus/testing";
import { readRunFile } from "@bourse/platform";
import { removeData } from "./data-folder.ts";
import { EXIT } from "./exit-codes.ts";
import { serviceAddresses } from "./testing/addresses.ts";

const skip = (await kafkaSkip(process.env, "own")) ?? false;
/** A broker writes down what it has before it ends. */
const END_TIMEOUT_MS = 30_000;
const MAIN = join(import.meta.dirname, "main.ts");

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "bourse-up-"));
  // Hooks run in the order in which they came: what a test leaves running where it fails must end before its folder goes.
  t.after(async () => {
    if (readRunFile(path) !== null) await run(["down"], { BOURSE_DATA: path }).ended;
    await removeData(path);
  });
  return path;
}

function run(args: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: {
      ...process.env,
      DATABASE_URL: "",
      BOURSE_URL: "",
      BOURSE_KEY: "",
      KAFKA_BOOTSTRAP_SERVERS: undefined,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said.stderr += text));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  /** Resolves when it has said all of how to go on, or at the end without that. */
  const told = new Promise<void>((resolve) => {
    child.stdout.on("data", () => {
      if (said.stdout.includes("Ctrl-C stops it")) resolve();
    });
    child.once("close", () => resolve());
  });
  return { child, said, ended, told };
}

function listen(): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => resolve(server));
  });
}

const postgresOf = (dataFolder: string): number | undefined =>
  readRunFile(dataFolder)?.processes.find(({ name }) => name === "postgres")?.pid;

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** `up` in a folder of its own, once it has said what to open. */
async function upAndOpen(t: TestContext, args: readonly string[], env: Readonly<Record<string, string>>) {
  const up = run(["up", "--no-demo", ...args], env);
  t.after(() => up.child.kill("SIGKILL"));
  await up.told;
  const open = /Open +(http:\S+)/.exec(up.said.stdout)?.[1];
  assert.ok(open !== undefined, up.said.stderr);
  return { up, open };
}

/** Node's option for a process that fails where it loads Kafka's client. */
const WITHOUT_KAFKA = `--import=data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from "node:module";
  registerHooks({
    load(url, context, next) {
      if (url.includes("/@platformatic/kafka/")) throw new Error("Kafka's client is loaded");
      return next(url, context);
    },
  });`)}`;

it("up says what to open and the operator's key, other commands find it, and down stops it", async (t) => {
  const env = { ...(await serviceAddresses()), BOURSE_DATA: folder(t) };
  const { up, open } = await upAndOpen(t, [], { ...env, NODE_OPTIONS: WITHOUT_KAFKA });
  assert.match(up.said.stdout, /Operator's key +bk_\w+ \(kept in /);
  assert.equal((await fetch(open)).status, 200);
  const page = await fetch(`${env.CONSOLE_URL}/`);
  assert.match(await page.text(), /<title>Bourse console<\/title>/, up.said.stderr);

  const status = run(["status", "--json"], { BOURSE_DATA: env.BOURSE_DATA });
  assert.equal(await status.ended, EXIT.ok, status.said.stderr);
  const down = run(["down", "--json"], { BOURSE_DATA: env.BOURSE_DATA });
  assert.equal(await down.ended, EXIT.ok, down.said.stderr);
  assert.equal(JSON.parse(down.said.stdout).stopped[0].name, "platform");
  assert.equal(await up.ended, EXIT.ok, up.said.stderr);
  await assert.rejects(fetch(open));
  assert.ok(!existsSync(join(env.BOURSE_DATA, "run.json")));
});

/** The second one comes as soon as the first one has been heard: ending the services alone takes longer. */
async function interruptTwice({ up }: Awaited<ReturnType<typeof upAndOpen>>) {
  up.child.kill("SIGINT");
  while (!up.said.stderr.includes("draining")) await once(up.child.stderr, "data");
  up.child.kill("SIGINT");
  assert.equal(await up.ended, EXIT.interrupted, up.said.stderr);
}

it("a second Ctrl-C ends it at once, with its database, and the next start needs no help", async (t) => {
  const env = { ...(await serviceAddresses()), BOURSE_DATA: folder(t) };
  const started = await upAndOpen(t, [], env);
  const postgres = postgresOf(env.BOURSE_DATA);
  assert.ok(postgres !== undefined);
  await interruptTwice(started);

  const again = await upAndOpen(t, [], env);
  assert.match(again.up.said.stdout, /Bourse is up/, again.up.said.stderr);
  assert.notEqual(postgresOf(env.BOURSE_DATA), postgres, "it ended by itself");
  const down = run(["down"], { BOURSE_DATA: env.BOURSE_DATA });
  assert.equal(await down.ended, EXIT.ok, down.said.stderr);
});

it("on Kafka a second Ctrl-C ends broker, database and every service", { skip }, async (t) => {
  const env = { ...(await serviceAddresses()), BOURSE_DATA: folder(t) };
  const started = await upAndOpen(t, ["--bus", "kafka"], env);
  const names = readRunFile(env.BOURSE_DATA)?.processes.map(({ name }) => name);
  for (const name of ["gateway", "kafka", "postgres"]) assert.ok(names?.includes(name), name);
  await interruptTwice(started);
  const deadline = performance.now() + END_TIMEOUT_MS;
  while (readRunFile(env.BOURSE_DATA) !== null && performance.now() < deadline) await sleep(100);
  assert.equal(readRunFile(env.BOURSE_DATA), null, "nothing of it runs");
});

it("of two starts at once one comes up, and the other is refused and leaves it alone", async (t) => {
  const env = { ...(await serviceAddresses()), BOURSE_DATA: folder(t) };
  const both = [run(["up", "--no-demo"], env), run(["up", "--no-demo"], env)] as const;
  for (const { child } of both) t.after(() => child.kill("SIGKILL"));
  const refused = await Promise.race(both.map((up) => up.ended.then(() => up)));
  assert.equal(await refused.ended, EXIT.alreadyRunning, refused.said.stderr);
  assert.match(refused.said.stderr, /a platform runs from .*`bourse down` stops it/);

  const up = both[0] === refused ? both[1] : both[0];
  await up.told;
  assert.match(up.said.stdout, /Bourse is up/, up.said.stderr);
  const down = run(["down"], { BOURSE_DATA: env.BOURSE_DATA });
  assert.equal(await down.ended, EXIT.ok, down.said.stderr);
  assert.equal(await up.ended, EXIT.ok, up.said.stderr);
});

it("a platform that still starts is not taken for none: reset is refused, and down ends it", async (t) => {
  const env = { ...(await serviceAddresses()), BOURSE_DATA: folder(t) };
  const up = run(["up", "--no-demo"], env);
  t.after(() => up.child.kill("SIGKILL"));
  while (!up.said.stderr.includes("PostgreSQL")) await once(up.child.stderr, "data");
  const reset = run(["reset", "--yes"], { BOURSE_DATA: env.BOURSE_DATA });
  assert.equal(await reset.ended, EXIT.alreadyRunning, reset.said.stderr);
  const down = run(["down"], { BOURSE_DATA: env.BOURSE_DATA });
  assert.equal(await down.ended, EXIT.ok, down.said.stderr);
  assert.match(down.said.stdout, /Stopped platform/);
  assert.equal(await up.ended, EXIT.ok, up.said.stderr);
});

it("up says which port is taken, who wants it and what to do", async (t) => {
  const taken = await listen();
  t.after(() => taken.close());
  const env = {
    ...(await serviceAddresses()),
    WALLET_URL: `http://127.0.0.1:${portOf(taken)}`,
    BOURSE_DATA: folder(t),
  };
  const up = run(["up", "--no-demo"], env);
  assert.equal(await up.ended, EXIT.portTaken, up.said.stderr);
  assert.match(
    up.said.stderr,
    new RegExp(`port ${portOf(taken)}, which wallet listens on, is taken.*WALLET_URL`),
  );
});

it("up refuses data of another version and says what to do", async (t) => {
  const data = folder(t);
  writeFileSync(join(data, "data.json"), JSON.stringify({ version: 0, secret: "s" }));
  writeFileSync(join(data, "operator.key"), "bk_x\n");
  const up = run(["up"], { BOURSE_DATA: data });
  assert.equal(await up.ended, EXIT.dataVersion, up.said.stderr);
  assert.match(up.said.stderr, /version 0.*bourse reset/);
});

for (const [what, env, code, words] of [
  ["a service's address", { AUTH_URL: "9081" }, EXIT.usage, /AUTH_URL is "9081", and allowed is an http/],
  [
    "the console's address",
    { CONSOLE_URL: "9090" },
    EXIT.usage,
    /CONSOLE_URL is "9090", and allowed is an http/,
  ],
  ["the log's level", { LOG_LEVEL: "loud" }, EXIT.usage, /LOG_LEVEL is "loud", wants one of fatal/],
  [
    "its database",
    { DATABASE_URL: "postgres://u:p@127.0.0.1:1/b" },
    EXIT.missingPart,
    /can't be reached by DATABASE_URL: .*ECONNREFUSED/,
  ],
  [
    "what runs with it",
    { BOURSE_WITH: "tea" },
    EXIT.usage,
    /BOURSE_WITH is tea, and allowed is trade-processor/,
  ],
  ["where to listen", { BOURSE_HOST: "192.0.2.1" }, EXIT.missingPart, /can't listen on 192.0.2.1.*--host/],
] as const) {
  it(`up says what is wrong with a variable, and ends: ${what}`, async (t) => {
    const up = run(["up", "--no-demo"], { ...(await serviceAddresses()), BOURSE_DATA: folder(t), ...env });
    assert.equal(await up.ended, code, up.said.stderr);
    assert.match(up.said.stderr, words);
    assert.doesNotMatch(up.said.stderr, /\n {4}at /);
  });
}

it("up says what is wrong with a data folder", async (t) => {
  const data = folder(t);
  const file = join(data, "file");
  writeFileSync(file, "");
  for (const args of [["up"], ["up", "--detach"]]) {
    const up = run(args, { BOURSE_DATA: file });
    assert.equal(await up.ended, EXIT.missingPart, up.said.stderr);
    assert.match(up.said.stderr, /^the data folder is .*file, allowed is a folder/);
  }
  const keyless = join(data, "keyless");
  mkdirSync(keyless);
  writeFileSync(join(keyless, "data.json"), JSON.stringify({ version: 1, secret: "s" }));
  const up = run(["up"], { BOURSE_DATA: keyless });
  assert.equal(await up.ended, EXIT.missingPart, up.said.stderr);
  assert.match(up.said.stderr, /operator.key can't be read.*put it back/);
});
