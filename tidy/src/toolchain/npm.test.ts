import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { ROOT } from "../repository.ts";

/** Stands for npm: says where its cache is, to who listens there, and ends or stays. */
const NPM = `
  const socket = require("node:net").connect(process.env.LISTENER_PORT);
  socket.write(String(process.env.npm_config_cache));
  if (process.env.STAYS === undefined) socket.end();`;

interface Launch {
  readonly child: ChildProcess;
  readonly exited: Promise<unknown[]>;
  /** From what stands for npm. */
  readonly socket: Socket;
}

async function launch(t: TestContext, env: NodeJS.ProcessEnv): Promise<Launch> {
  const folder = mkdtempSync(join(tmpdir(), "bourse-npm-"));
  const npm = join(folder, "npm-cli.js");
  writeFileSync(npm, NPM);
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const port = (listener.address() as AddressInfo).port;
  const child = spawn(process.execPath, [join(import.meta.dirname, "run-npm.fixture.ts"), folder], {
    env: { ...process.env, npm_execpath: npm, LISTENER_PORT: String(port), ...env },
    stdio: ["ignore", "ignore", "inherit"],
  });
  t.after(() => {
    child.kill("SIGKILL");
    listener.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const exited = once(child, "exit");
  const [socket] = (await once(listener, "connection")) as [Socket];
  return { child, exited, socket };
}

test("where the user has no folder for npm's cache, there is one in the tree until all is installed", async (t) => {
  const { socket, exited } = await launch(t, { HOME: "/dev/null", npm_config_cache: undefined });
  const cache = join(ROOT, "toolchain/.npm-cache");
  assert.equal(await text(socket), cache);
  assert.deepEqual(await exited, [0, null]);
  assert.equal(existsSync(cache), false);
});

test("a cache that can be written into is used", async (t) => {
  const own = join(tmpdir(), `bourse-npm-cache-${process.pid}`);
  t.after(() => rmSync(own, { recursive: true, force: true }));
  const { socket } = await launch(t, { npm_config_cache: own });
  assert.equal(await text(socket), own);
});

test("npm ends with the launch, also with one that is killed", async (t) => {
  const { child, socket } = await launch(t, { STAYS: "yes" });
  const closed = once(socket.resume(), "close");
  child.kill("SIGKILL");
  await closed;
});
