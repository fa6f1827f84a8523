import assert from "node:assert/strict";
import { it, type TestContext } from "node:test";
import { kafkaSkip } from "@bourse/bus/testing";
import { EXIT } from "./exit-codes.ts";
import { serviceAddresses } from "./testing/addresses.ts";
import { BREAKING_ENGINE } from "./testing/breaking-engine.ts";
import { folder, heard, run } from "./testing/up-commands.ts";

const kafka = (await kafkaSkip(process.env, "own")) ?? false;

/** What a command ends with and says, with `--json`. */
async function told(args: readonly string[], env: Readonly<Record<string, string>>) {
  const command = run([...args, "--json"], env);
  const code = await command.ended;
  const { stdout, stderr } = command.said;
  assert.notEqual(stdout, "", stderr);
  return { code, stderr, object: JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "") };
}

/** A platform that was stopped after its engine has broken on a command to each partition. */
async function broken(t: TestContext, up: readonly string[]) {
  const env = { ...(await serviceAddresses()), BOURSE_DATA: folder(t), NODE_OPTIONS: BREAKING_ENGINE };
  const first = await told(up, env);
  assert.deepEqual([first.code, first.object.stopped], [EXIT.ok, []], first.stderr);
  assert.equal((await told(["accounts", "group", "breaks", "desk-1"], env)).code, EXIT.ok);
  const down = run(["down"], env);
  assert.equal(await down.ended, EXIT.ok, down.said.stderr);
  return env;
}

/** Asks again while the partition is taken over, which on Kafka one that begins anew has them all do. */
async function voided(args: readonly string[], env: Readonly<Record<string, string>>) {
  for (;;) {
    const { code, stderr } = await told(args, env);
    if (code === EXIT.ok) return;
    assert.match(stderr, /is being taken over/);
  }
}

const COMMAND = /`bourse (void \d \d+) --reason/;

async function tellsAndIsMended(t: TestContext, more: readonly string[]) {
  const up = ["up", "--no-demo", "--detach", ...more];
  const env = await broken(t, up);
  const again = await told(up, env);
  assert.equal(again.code, EXIT.failed, again.stderr);
  const { stopped, gatewayUrl } = again.object as {
    stopped: { service: string; reason: string }[];
    gatewayUrl: string;
  };
  assert.equal((await fetch(`${gatewayUrl}/health/ready`)).status, 200, "the rest is up");
  assert.deepEqual(
    stopped.map(({ service, reason }) => `${service}: ${/partition \d stopped/.exec(reason)?.[0]}`),
    [0, 1, 2, 3].map((partition) => `matching: partition ${partition} stopped`),
  );
  for (const { reason } of stopped) {
    assert.ok(again.stderr.includes(reason), again.stderr);
    const helps = COMMAND.exec(reason)?.[1];
    assert.ok(helps !== undefined, reason);
    await voided([...helps.split(" "), "--reason", "planted"], env);
  }
  assert.equal((await told(["verify"], env)).code, EXIT.ok);
}

it("R8: up --detach says which partitions of the engine have stopped and what helps, and leaves the rest running", async (t) => {
  await tellsAndIsMended(t, []);
});

it("R8: so it does on Kafka", { skip: kafka }, async (t) => {
  await tellsAndIsMended(t, ["--bus", "kafka"]);
});

it("R8: up in the foreground says so once the log is replayed", async (t) => {
  const env = await broken(t, ["up", "--no-demo", "--detach"]);
  const up = run(["up", "--no-demo"], env);
  t.after(() => up.child.kill("SIGKILL"));
  await heard(up, "bourse void 3 ");
  assert.match(up.said.stderr, /matching: engine: partition 0 stopped/);
  up.child.kill("SIGTERM");
  assert.equal(await up.ended, EXIT.ok, up.said.stderr);
});
