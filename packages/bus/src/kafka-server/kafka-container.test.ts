import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startKafka } from "./start-kafka.ts";

/** Answers as the engine's command does, and writes down what it was asked. */
const ENGINE = `#!/bin/sh
echo "$@" >> "$(/usr/bin/dirname "$0")/asked"
case "$*" in
  *StartedAt*) echo 2026-01-01T00:00:00Z;;
  *Running*) echo true;;
  logs*) echo "[KafkaRaftServer nodeId=1] Kafka Server started";;
esac
`;

test("without Java the broker is a container, with our settings and its data in the folder", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "bus-container-"));
  const before = process.env.PATH;
  context.after(() => {
    process.env.PATH = before;
    rmSync(folder, { recursive: true, force: true });
  });
  const path = join(folder, "path");
  mkdirSync(path);
  writeFileSync(join(path, "docker"), ENGINE);
  chmodSync(join(path, "docker"), 0o755);
  process.env.PATH = path;

  const kafka = await startKafka({ folder, cacheFolder: join(folder, "cache"), outlivesProcess: true });
  await kafka.restart();
  await kafka.stop();

  const port = kafka.bootstrapServers.split(":")[1];
  const asked = readFileSync(join(path, "asked"), "utf8");
  assert.match(
    asked,
    new RegExp(`run --detach --name bourse-kafka-${port} .*${folder}/data:\\S+ .*apache/kafka:4\\.2\\.0`),
  );
  assert.match(asked, /^restart bourse-kafka-\d+$/m);
  assert.match(asked, /^stop bourse-kafka-\d+$/m);
  const properties = readFileSync(join(folder, "settings", "server.properties"), "utf8");
  assert.match(properties, new RegExp(`^advertised.listeners=PLAINTEXT://127.0.0.1:${port},`, "m"));
  assert.match(properties, /^controller\.quorum\.voters=1@127\.0\.0\.1:\d+$/m);
});
