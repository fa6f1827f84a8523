import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { lockDataFolder } from "./folder-lock.ts";
import { busOf, recoverService } from "./recover-service.ts";

function folderWith(t: TestContext, ...parts: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "bourse-recover-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const part of parts) mkdirSync(join(folder, part));
  return folder;
}

const recover = (dataFolder: string, bus: "embedded" | "kafka") =>
  recoverService({ service: "order", dataFolder, bus, dryRun: true, env: {}, progress: () => undefined });

test("a folder without a platform's data is refused, and nothing is made in it", async (t) => {
  const folder = join(folderWith(t), "mistyped");
  await assert.rejects(recover(folder, "embedded"), {
    code: "missing_part",
    message: /mistyped has no database: .*--data/,
  });
  assert.ok(!existsSync(folder));
});

test("a Kafka that never was is refused", async (t) => {
  const folder = folderWith(t, "postgres", "bus");
  await assert.rejects(recover(folder, "kafka"), {
    code: "missing_part",
    message: /has no Kafka: .*KAFKA_BOOTSTRAP_SERVERS/,
  });
  assert.ok(!existsSync(join(folder, "kafka")));
});

test("a recovery has the folder to itself: nothing starts on a server that ends with it", async (t) => {
  const folder = folderWith(t, "postgres", "bus");
  const started: unknown[] = [];
  const progress = (): never => {
    for (const start of [() => lockDataFolder(folder), () => lockDataFolder(folder, "recover order")])
      try {
        start()();
        started.push("started");
      } catch (error) {
        started.push((error as Error).message);
      }
    throw new Error("far enough");
  };
  const options = { service: "wallet", dataFolder: folder, bus: "embedded", dryRun: true, env: {} } as const;
  await assert.rejects(recoverService({ ...options, progress }), { message: "far enough" });
  const said = `recover wallet runs from ${folder} as process ${process.pid}: wait for its end`;
  assert.deepEqual(started, [said, said]);
  lockDataFolder(folder)();
});

test("the bus is the one that the folder has; where it has both, somebody must say which", (t) => {
  assert.equal(busOf(folderWith(t, "bus"), {}), "embedded");
  assert.equal(busOf(folderWith(t, "kafka"), {}), "kafka");
  assert.equal(busOf(folderWith(t, "bus"), { KAFKA_BOOTSTRAP_SERVERS: "127.0.0.1:9092" }), "kafka");
  const both = folderWith(t, "bus", "kafka");
  assert.throws(() => busOf(both, {}), { code: "config_invalid", message: /--bus says which/ });
  assert.equal(busOf(both, { KAFKA_BOOTSTRAP_SERVERS: "127.0.0.1:9092" }), "kafka");
});
