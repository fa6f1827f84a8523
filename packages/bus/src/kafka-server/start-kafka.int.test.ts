import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { isRunning } from "@bourse/processes";
import type { LocalKafka } from "./local-kafka.ts";
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

/** Source: proc_pid_maps(5); null where the system has no such file. */
function mapsArchive({ pid }: LocalKafka): boolean | null {
  const file = `/proc/${pid}/maps`;
  return existsSync(file) ? readFileSync(file, "utf8").includes("/kafka.jsa\n") : null;
}

test("a broker maps an archive of its classes; it starts without one that Java does not take, or that can't be written", {
  skip,
}, async (t) => {
  const parent = mkdtempSync(join(tmpdir(), "bus-classes-"));
  t.after(() => rmSync(parent, { recursive: true, force: true }));
  const cacheFolder = join(parent, "cache");
  mkdirSync(cacheFolder);
  symlinkSync(join(kafkaCacheFolder(process.env), "lib"), join(cacheFolder, "lib"));
  const told: string[] = [];
  const started = async (): Promise<boolean | null> => {
    const progress = (line: string): void => void told.push(line);
    const kafka = await startKafka({ folder: join(parent, "kafka"), cacheFolder, progress });
    const maps = mapsArchive(kafka);
    await kafka.kill();
    return maps;
  };
  assert.notEqual(await started(), false);
  const classes = join(cacheFolder, "classes");
  const [kept = ""] = readdirSync(classes);
  rmSync(join(classes, kept, "kafka.jsa"));
  writeFileSync(join(classes, kept, "kafka.jsa"), "garbage");
  writeFileSync(join(classes, kept, "checksum"), crc32("garbage").toString(16));
  assert.notEqual(await started(), true);
  rmSync(classes, { recursive: true });
  writeFileSync(classes, "");
  assert.notEqual(await started(), true);
  assert.deepEqual(
    told.map((line) => line.split(":")[0]),
    [
      "making an archive of Kafka's classes, once on this machine",
      "starting Kafka without an archive of its classes, which takes longer",
    ],
  );
});

test("a process that is killed leaves neither its broker nor a folder that it made for it", {
  skip,
}, async (t) => {
  const program = `
    import { privateKafka } from ${JSON.stringify(join(import.meta.dirname, "test-kafka.ts"))};
    const { pid, logFile } = await privateKafka(process.env);
    process.stdout.write(JSON.stringify({ pid, logFile }));`;
  const starter = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => starter.kill("SIGKILL"));
  const [told] = (await once(starter.stdout, "data")) as [Buffer];
  const { pid, logFile } = JSON.parse(told.toString()) as { readonly pid: number; readonly logFile: string };
  t.after(() => void (isRunning(pid) && process.kill(pid, "SIGKILL")));
  assert.ok(isRunning(pid) && existsSync(logFile));
  starter.kill("SIGKILL");
  while (isRunning(pid) || existsSync(dirname(logFile))) await sleep(20);
});
