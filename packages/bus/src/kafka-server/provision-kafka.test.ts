import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { BusError } from "../bus-error.ts";
import { kafkaCacheFolder, provisionKafka } from "./provision-kafka.ts";

/** A path on which only these commands are, each a shell script. */
function onlyCommands(context: TestContext, commands: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "bus-path-"));
  for (const [name, script] of Object.entries(commands)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  const before = process.env.PATH;
  process.env.PATH = folder;
  context.after(() => {
    process.env.PATH = before;
    rmSync(folder, { recursive: true, force: true });
  });
  return join(folder, "cache", "kafka");
}

function refusal(pattern: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof BusError && error.code === "bus_refused" && pattern.test(error.message);
}

const JAVA_17 = "echo 'openjdk version \"17.0.15\" 2025-04-15' >&2";

test("without Java the error says what is needed and what can be used instead", async (context) => {
  const cacheFolder = onlyCommands(context, {});
  await assert.rejects(
    provisionKafka({ cacheFolder }),
    refusal(/Java 17 or newer .* no java .*KAFKA_BOOTSTRAP_SERVERS/),
  );
});

test("an older Java is named with its version", async (context) => {
  const cacheFolder = onlyCommands(context, { java: "echo 'openjdk version \"11.0.2\"' >&2" });
  await assert.rejects(provisionKafka({ cacheFolder }), refusal(/version 11/));
});

test("without Maven and without a cache the error names Maven", async (context) => {
  const cacheFolder = onlyCommands(context, { java: JAVA_17 });
  await assert.rejects(provisionKafka({ cacheFolder }), refusal(/no mvn on the path/));
});

test("a cache that can't be made is named, with how to have it elsewhere", async (context) => {
  onlyCommands(context, { java: JAVA_17, mvn: "echo Maven" });
  await assert.rejects(
    provisionKafka({ cacheFolder: "/dev/null/bourse/kafka" }),
    refusal(/kept in \/dev\/null\/bourse, .*\(ENOTDIR\): XDG_CACHE_HOME/),
  );
});

test("what is in the cache is used without Maven", async (context) => {
  const cacheFolder = onlyCommands(context, { java: JAVA_17 });
  mkdirSync(join(cacheFolder, "lib"), { recursive: true });
  assert.equal(await provisionKafka({ cacheFolder }), join(cacheFolder, "lib"));
});

test("Maven's files come into the cache whole, with progress; what fails leaves nothing", async (context) => {
  const fetching = `
    case "$*" in
      --version) echo Maven; exit 0;;
    esac
    for option in "$@"; do case "$option" in -DoutputDirectory=*) out="\${option#-DoutputDirectory=}";; esac; done
    echo "Downloaded from central: https://repo.example/kafka_2.13-4.2.0.jar (6 MB)"
    [ -e "$0.fail" ] && { echo "[ERROR] no route"; exit 1; }
    /bin/mkdir "$out"; echo jar > "$out/kafka.jar"`;
  const cacheFolder = onlyCommands(context, { java: JAVA_17, mvn: fetching });
  const failing = join(cacheFolder, "..", "..", "mvn.fail");
  writeFileSync(failing, "");
  await assert.rejects(
    provisionKafka({ cacheFolder }),
    (error) =>
      error instanceof BusError && error.code === "bus_unavailable" && /no route/.test(error.message),
  );
  rmSync(failing);
  const lines: string[] = [];
  const libraries = await provisionKafka({ cacheFolder, progress: (line) => lines.push(line) });
  assert.equal(readFileSync(join(libraries, "kafka.jar"), "utf8"), "jar\n");
  assert.match(lines[0] ?? "", /Apache Kafka 4\.2\.0/);
});

test("what is not what Maven Central says it is is refused, not warned of", async (context) => {
  // As Maven 3 does by itself: it warns, and takes the file.
  const damaged = `
    case "$*" in
      --version) echo Maven; exit 0;;
      *--strict-checksums*) echo "[ERROR] Checksum validation failed"; exit 1;;
    esac
    for option in "$@"; do case "$option" in -DoutputDirectory=*) out="\${option#-DoutputDirectory=}";; esac; done
    echo "[WARNING] Checksum validation failed"
    /bin/mkdir "$out"; echo damaged > "$out/kafka.jar"`;
  const cacheFolder = onlyCommands(context, { java: JAVA_17, mvn: damaged });
  await assert.rejects(provisionKafka({ cacheFolder }), /Checksum validation failed/);
});

test("the cache is where the user's other caches are", () => {
  assert.equal(kafkaCacheFolder({ XDG_CACHE_HOME: "/c" }), "/c/bourse/kafka-4.2.0");
  assert.match(kafkaCacheFolder({}), /\/\.cache\/bourse\/kafka-4\.2\.0$/);
});
