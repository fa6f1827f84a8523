import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { kafkaCacheFolder } from "./provision-kafka.ts";
import { startKafka } from "./start-kafka.ts";
import { kafkaSkip } from "./test-kafka.ts";

const skip = (await kafkaSkip(process.env, "own")) ?? false;

test("a path may hold a comma, and letters that neither the locale nor Latin-1 has; a later start finds its data", {
  skip,
}, async (t) => {
  const parent = mkdtempSync(join(tmpdir(), "bus-path-"));
  const { LC_ALL: before } = process.env;
  t.after(() => {
    if (before === undefined) delete process.env.LC_ALL;
    else process.env.LC_ALL = before;
    rmSync(parent, { recursive: true, force: true });
  });
  process.env.LC_ALL = "C";
  const folder = join(parent, "Größe, Łódź");
  mkdirSync(folder);
  const cluster = (): string => readFileSync(join(folder, "data", "meta.properties"), "utf8");
  const started = async (): Promise<string> => {
    const kafka = await startKafka({ folder, cacheFolder: kafkaCacheFolder(process.env) });
    await kafka.kill();
    return cluster();
  };
  const first = await started();
  assert.equal(await started(), first);
  assert.deepEqual(readdirSync(parent), ["Größe, Łódź"]);
  assert.ok(existsSync(join(folder, "data", "__cluster_metadata-0")));
});
