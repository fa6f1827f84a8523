import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it, type TestContext } from "node:test";
import { readRunFile } from "@bourse/platform";
import { removeData } from "./data-folder.ts";
import { EXIT } from "./exit-codes.ts";
import { serviceAddresses } from "./testing/addresses.ts";

const MAIN = join(import.meta.dirname, "main.ts");

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "bourse-up-"));
  t.after(() => removeData(path));
  return path;
}

function run(args: readonly string[], env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, DATABASE_URL: "", BOURSE_URL: "", BOURSE_KEY: "", ...env },
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

it("up says what to open and the operator's key, other commands find it, and down stops it", async (t) => {
  const env = { ...(await serviceAddresses()), BOURSE_DATA: folder(t) };
  const up = run(["up", "--no-demo"], env);
  t.after(() => up.child.kill("SIGKILL"));
  await up.told;
  const open = /Open +(http:\S+)/.exec(up.said.stdout)?.[1];
  assert.ok(open !== undefined, up.said.stderr);
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

it("a second Ctrl-C ends it at once, with its database, and the next start needs no help", async (t) => {
  const env = { ...(await serviceAddresses()), BOURSE_DATA: folder(t) };
  const up = run(["up", "--no-demo"], env);
  t.after(() => up.child.kill("SIGKILL"));
  await up.told;
  const open = /Open +(http:\S+)/.exec(up.said.stdout)?.[1];
  const postgres = postgresOf(env.BOURSE_DATA);
  assert.ok(open !== undefined && postgres !== undefined, up.said.stderr);
  // A request that does not come to its end holds the drain up.
  const client = connect(Number(new URL(open).port), "127.0.0.1");
  client.on("error", () => undefined);
  client.write(
    "POST /api/v1/orders HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{",
  );
  await once(client, "connect");

  up.child.kill("SIGINT");
  while (!up.said.stderr.includes("draining")) await once(up.child.stderr, "data");
  up.child.kill("SIGINT");
  assert.equal(await up.ended, EXIT.interrupted, up.said.stderr);

  const again = run(["up", "--no-demo"], env);
  t.after(() => again.child.kill("SIGKILL"));
  await again.told;
  assert.match(again.said.stdout, /Bourse is up/, again.said.stderr);
  assert.notEqual(postgresOf(env.BOURSE_DATA), postgres, "it ended by itself");
  const down = run(["down"], { BOURSE_DATA: env.BOURSE_DATA });
  assert.equal(await down.ended, EXIT.ok, down.said.stderr);
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
