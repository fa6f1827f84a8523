import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { readRunFile } from "@bourse/platform/run-file";
import { EXIT } from "./exit-codes.ts";
import { serviceAddresses } from "./testing/addresses.ts";
import { folder, heard, INTERRUPTED_AGAIN, interruptTwice, run, upAndOpen } from "./testing/up-commands.ts";

const postgresOf = (dataFolder: string): number | undefined =>
  readRunFile(dataFolder)?.processes.find(({ name }) => name === "postgres")?.pid;

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
  // As shells and compose files say that a variable is not set.
  const unset = { BOURSE_HOST: "", BOURSE_OPERATOR_KEY: "", BOURSE_WITH: "", LOG_LEVEL: "" };
  const { up, open } = await upAndOpen(t, [], { ...env, ...unset, NODE_OPTIONS: WITHOUT_KAFKA });
  assert.match(up.said.stdout, /Operator's key +bk_\w+ \(kept in /);
  // In another terminal nothing tells of the folder, and the port was moved.
  const toTry = /npx bourse (accounts create alice) .*( --data \S+)/.exec(up.said.stdout);
  assert.ok(toTry !== null, up.said.stdout);
  const created = run(`${toTry[1]}${toTry[2]}`.split(" "), {});
  assert.equal(await created.ended, EXIT.ok, created.said.stderr);
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
  const started = await upAndOpen(t, [], { ...env, NODE_OPTIONS: INTERRUPTED_AGAIN });
  const postgres = postgresOf(env.BOURSE_DATA);
  assert.ok(postgres !== undefined);
  await interruptTwice(started);

  const again = await upAndOpen(t, [], env);
  assert.match(again.up.said.stdout, /Bourse is up/, again.up.said.stderr);
  assert.notEqual(postgresOf(env.BOURSE_DATA), postgres, "it ended by itself");
  const down = run(["down"], { BOURSE_DATA: env.BOURSE_DATA });
  assert.equal(await down.ended, EXIT.ok, down.said.stderr);
});

it("up --detach says at once that what it has started was killed", async (t) => {
  const killed = `--import=data:text/javascript,${encodeURIComponent(`
    if (!process.argv.includes("--detach")) process.kill(process.pid, "SIGKILL");`)}`;
  const up = run(["up", "--no-demo", "--detach"], { BOURSE_DATA: folder(t), NODE_OPTIONS: killed });
  assert.equal(await up.ended, EXIT.failed);
  assert.match(up.said.stderr, /ended by SIGKILL while it started/);
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
  await heard(up, "PostgreSQL");
  const reset = run(["reset", "--yes"], { BOURSE_DATA: env.BOURSE_DATA });
  assert.equal(await reset.ended, EXIT.alreadyRunning, reset.said.stderr);
  const down = run(["down"], { BOURSE_DATA: env.BOURSE_DATA });
  assert.equal(await down.ended, EXIT.ok, down.said.stderr);
  assert.match(down.said.stdout, /Stopped platform/);
  assert.equal(await up.ended, EXIT.ok, up.said.stderr);
});
