import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { kafkaSkip } from "@bourse/bus/testing";
import { readRunFile } from "@bourse/platform/run-file";
import { EXIT } from "./exit-codes.ts";
import { serviceAddresses } from "./testing/addresses.ts";
import {
  folder,
  INTERRUPTED_AGAIN,
  interruptedAt,
  interruptTwice,
  run,
  upAndOpen,
} from "./testing/up-commands.ts";

const skip = (await kafkaSkip(process.env, "own")) ?? false;
/** A broker writes down what it has before it ends. */
const END_TIMEOUT_MS = 60_000;

it("on Kafka a second Ctrl-C ends broker, database and every service", { skip }, async (t) => {
  const env = { ...(await serviceAddresses()), BOURSE_DATA: folder(t) };
  const started = await upAndOpen(t, ["--bus", "kafka"], { ...env, NODE_OPTIONS: INTERRUPTED_AGAIN });
  const names = readRunFile(env.BOURSE_DATA)?.processes.map(({ name }) => name);
  for (const name of ["gateway", "kafka", "postgres"]) assert.ok(names?.includes(name), name);
  await interruptTwice(started);
  const deadline = performance.now() + END_TIMEOUT_MS;
  while (readRunFile(env.BOURSE_DATA) !== null && performance.now() < deadline) await sleep(100);
  assert.equal(readRunFile(env.BOURSE_DATA), null, "nothing of it runs");
});

it("on Kafka a start that is told to end says that it ends, and does", async (t) => {
  const env = {
    ...(await serviceAddresses()),
    BOURSE_DATA: folder(t),
    KAFKA_BOOTSTRAP_SERVERS: "127.0.0.1:1",
    NODE_OPTIONS: interruptedAt("starting PostgreSQL"),
  };
  const up = run(["up", "--no-demo", "--bus", "kafka"], env);
  t.after(() => up.child.kill("SIGKILL"));
  assert.equal(await up.ended, EXIT.ok, up.said.stderr);
  assert.match(up.said.stderr, /it ends what it has started; Ctrl-C again ends it at once/);
  assert.doesNotMatch(up.said.stderr, /once it has started|starting \d+ services/);
  assert.equal(readRunFile(env.BOURSE_DATA), null, "nothing of it runs");
});
