import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isRunning } from "@bourse/processes";
import { postgresStore } from "../postgres-store.ts";
import { sql } from "../sql.ts";
import { removeDataFolder } from "./data-folder.ts";
import {
  type LocalPostgres,
  type LocalPostgresOptions,
  startPostgres,
  stopPostgres,
  tellPostgresToEnd,
} from "./start-postgres.ts";

const asRoot = process.getuid?.() === 0;

/** A folder under /tmp whose server is stopped and whose data are removed after the test. */
function freshFolder(t: TestContext, name = "pg"): string {
  const parent = mkdtempSync("/tmp/store-local-");
  const folder = join(parent, name);
  t.after(async () => {
    chmodSync(parent, 0o755);
    if (existsSync(folder)) {
      await stopPostgres(folder);
      removeDataFolder(folder);
    }
    rmSync(parent, { recursive: true, force: true });
  });
  chmodSync(parent, 0o755);
  return folder;
}

const start = (folder: string, more: Partial<LocalPostgresOptions> = {}): Promise<LocalPostgres> =>
  startPostgres({ folder, settings: { shared_buffers: "32MB" }, ...more });

function storeOf(t: TestContext, server: LocalPostgres) {
  const store = postgresStore({
    url: server.adminUrl,
    schema: "public",
    applicationName: "local",
    maxConnections: 2,
  });
  t.after(() => store.close());
  return store;
}

test("first start, kill -9 in the middle of writing, recovery: what was acknowledged is there", async (t) => {
  const folder = freshFolder(t);
  const said: string[] = [];
  const server = await start(folder, { progress: (line) => said.push(line) });
  assert.match(said[0] ?? "", /first start/);
  const store = storeOf(t, server);
  const setting = async (name: string) =>
    (await store.query(sql`SELECT current_setting(${name}) AS value`))[0]?.value;
  for (const name of ["fsync", "synchronous_commit", "full_page_writes"])
    assert.equal(await setting(name), "on");
  assert.equal(await setting("server_encoding"), "UTF8");
  await store.transaction("table", (tx) => tx.commit([sql`CREATE TABLE facts (id int4 PRIMARY KEY)`]));
  let acknowledged = 0;
  let killed: Promise<void> | undefined;
  const writing = (async () => {
    for (let id = 1; ; id++) {
      await store.transaction("write", (tx) => tx.commit([sql`INSERT INTO facts VALUES (${id})`]));
      acknowledged = id;
      if (id === 50) killed = server.kill();
    }
  })();
  await assert.rejects(writing, (error: { code: string }) =>
    ["commit_unknown", "store_unavailable"].includes(error.code),
  );
  await killed;
  await assert.rejects(store.ping(), { code: "store_unavailable", retryable: true });
  const { port, adminUrl } = server;
  await server.restart();
  assert.deepEqual([server.port, server.adminUrl], [port, adminUrl]);
  const [row] = await store.query(sql`SELECT count(*) AS found, max(id) AS last FROM facts`);
  assert.ok(Number(row?.found) === Number(row?.last) && Number(row?.found) >= acknowledged);
});

test("a server that outlived its starter is adopted; a second port is refused", async (t) => {
  const folder = freshFolder(t);
  const first = await start(folder);
  const second = await start(folder);
  assert.deepEqual([second.adopted, second.pid, second.adminUrl], [true, first.pid, first.adminUrl]);
  await assert.rejects(start(folder, { port: 1 }), { code: "local_server_failed", message: /runs on port/ });
  await second.stop();
  await assert.rejects(storeOf(t, first).ping(), { code: "store_unavailable" });
});

test("one that is to end with its starter does, where that is killed", async (t) => {
  const folder = freshFolder(t);
  const options = { folder, settings: { shared_buffers: "32MB" }, endsWithProcess: true };
  const program = `
    import { startPostgres } from ${JSON.stringify(join(import.meta.dirname, "start-postgres.ts"))};
    const { pid } = await startPostgres(${JSON.stringify(options)});
    process.stdout.write(String(pid));
    setInterval(() => {}, 60_000);`;
  const starter = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => starter.kill("SIGKILL"));
  const [told] = (await once(starter.stdout, "data")) as [Buffer];
  assert.ok(isRunning(Number(told)));
  starter.kill("SIGKILL");
  while (isRunning(Number(told))) await sleep(20);
});

test("two starts of an empty folder at once share one server", async (t) => {
  const folder = freshFolder(t);
  const [one, other] = await Promise.all([start(folder), start(folder)]);
  assert.equal(one.pid, other.pid);
  await storeOf(t, one).ping();
});

test("a postmaster.pid left by a crash, its number now another process's, is no obstacle", async (t) => {
  const folder = freshFolder(t);
  const server = await start(folder);
  await server.stop();
  const data = existsSync(join(folder, "data-is-elsewhere"))
    ? readFileSync(join(folder, "data-is-elsewhere"), "utf8").trim()
    : join(folder, "server");
  const stale = join(data, "data", "postmaster.pid");
  for (const pid of [process.pid, 2 ** 22 - 3]) {
    writeFileSync(
      stale,
      `${pid}\n${data}/data\n1700000000\n5432\n${data}/socket\n127.0.0.1\n  1 2\nready   \n`,
    );
    await server.restart();
    assert.notEqual(server.pid, pid);
    await server.stop();
  }
});

test("a server that was told to end is not adopted: the next start waits for its end", async (t) => {
  const folder = freshFolder(t);
  const first = await start(folder);
  // A session that it has to end first.
  await storeOf(t, first).ping();
  tellPostgresToEnd(folder);
  const next = await start(folder);
  assert.deepEqual([next.adopted, next.pid === first.pid], [false, false]);
  await storeOf(t, next).ping();
  await next.stop();
  tellPostgresToEnd(folder);
});

test("a taken port is named", async (t) => {
  const folder = freshFolder(t);
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  t.after(() => taken.close());
  const address = taken.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  await assert.rejects(start(folder, { port }), {
    code: "local_server_failed",
    message: new RegExp(`port ${port} is taken`),
  });
});

test("a path may hold what a list or a quotation ends at, and other letters than ASCII", async (t) => {
  const folder = freshFolder(t, 'Größe, "5" o\'clock');
  const server = await start(folder);
  await storeOf(t, server).ping();
  await server.restart();
  await storeOf(t, server).ping();
});

test("a path too long for a socket gets its socket elsewhere", async (t) => {
  const folder = freshFolder(t, `a-${"long-".repeat(20)}folder`);
  const server = await start(folder);
  assert.match(server.socketFolder, /^\/tmp\/bourse-socket-/);
  await storeOf(t, server).ping();
  await server.stop();
  removeDataFolder(folder);
  assert.equal(existsSync(server.socketFolder), false);
});

test("the data lie where the server's user reaches them: root's folder may be closed to him, and then a pointer tells where", async (t) => {
  const folder = freshFolder(t, "closed/pg");
  mkdirSync(join(folder, ".."), { mode: 0o700 });
  const server = await start(folder);
  const pointer = join(folder, "data-is-elsewhere");
  // Who is not root runs the server himself.
  assert.equal(existsSync(pointer), asRoot);
  const place = asRoot ? readFileSync(pointer, "utf8").trim() : folder;
  if (asRoot) assert.match(place, /^\/var\/tmp\/bourse-/);
  await storeOf(t, server).ping();
  await server.stop();
  assert.equal((await start(folder)).adopted, false);
  await stopPostgres(folder);
  removeDataFolder(folder);
  assert.deepEqual([existsSync(place), existsSync(folder)], [false, false]);
});

test("passwords are kept from others", async (t) => {
  const folder = freshFolder(t);
  const server = await start(folder);
  assert.equal(statSync(join(folder, "postgres-password")).mode & 0o077, 0);
  assert.equal(statSync(server.socketFolder).mode & 0o077, 0);
  const wrong = new URL(server.adminUrl);
  wrong.password = "guess";
  const store = postgresStore({
    url: wrong.href,
    schema: "public",
    applicationName: "guess",
    maxConnections: 1,
  });
  t.after(() => store.close());
  await assert.rejects(store.ping(), { sqlState: "28P01" });
});
