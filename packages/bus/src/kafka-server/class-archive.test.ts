import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { classArchive } from "./class-archive.ts";

/** Says each broker that it was started for, and leaves what it has loaded when it is stopped. */
const JAVA = `#!/bin/sh
base=$(dirname "$0")
case "$*" in
  -version) cat "$base/version";;
  *StorageTool*) ;;
  *ArchiveClassesAtExit=*)
    echo $$ >> "$base/runs"
    [ -e "$base/hangs" ] && exec sleep 600
    [ -e "$base/makes-none" ] || archive=$(echo "$*" | sed 's/.*ArchiveClassesAtExit=\\([^ ]*\\).*/\\1/')
    trap 'kill $sleeping; [ -z "$archive" ] || echo classes > "$archive"; exit 143' TERM
    sleep 600 & sleeping=$!
    echo "Kafka Server started"
    wait;;
  *-Xshare:on*) cat "$(echo "$*" | sed 's/.*SharedArchiveFile=\\([^ ]*\\).*/\\1/')";;
esac
`;

interface Setting {
  readonly folder: string;
  readonly options: { readonly cacheFolder: string; readonly libraries: string };
  readonly told: string[];
  readonly archive: () => Promise<string | undefined>;
  readonly runs: () => readonly number[];
}

/** A cache with a jar in it, and first on the path a Java that is quick. */
function setting(t: TestContext): Setting {
  const folder = mkdtempSync(join(tmpdir(), "bus-classes-"));
  const cacheFolder = join(folder, "cache");
  const libraries = join(cacheFolder, "lib");
  mkdirSync(libraries, { recursive: true });
  writeFileSync(join(libraries, "kafka.jar"), "jar");
  writeFileSync(join(folder, "version"), "one\n");
  writeFileSync(join(folder, "java"), JAVA);
  chmodSync(join(folder, "java"), 0o755);
  const before = process.env.PATH;
  process.env.PATH = `${folder}:${before}`;
  t.after(() => {
    process.env.PATH = before;
    rmSync(folder, { recursive: true, force: true });
  });
  const told: string[] = [];
  const options = { cacheFolder, libraries };
  const runs = (): readonly number[] =>
    existsSync(join(folder, "runs"))
      ? readFileSync(join(folder, "runs"), "utf8").trim().split("\n").map(Number)
      : [];
  const archive = () => classArchive({ ...options, progress: (line) => told.push(line) });
  return { folder, options, told, archive, runs };
}

test("an archive is made once, which is told, and found again", async (t) => {
  const { options, told, archive, runs } = setting(t);
  const path = (await archive()) ?? "";
  assert.ok(path.startsWith(join(options.cacheFolder, "classes")));
  assert.equal(readFileSync(path, "utf8"), "classes\n");
  assert.equal(await archive(), path);
  assert.equal(runs().length, 1);
  assert.deepEqual(
    told.map((line) => /^making an archive of Kafka's classes, once/.test(line)),
    [true],
  );
  assert.equal(readdirSync(join(options.cacheFolder, "classes")).length, 1);
});

test("another Java, and jars that have changed, have an archive of their own", async (t) => {
  const { folder, options, archive, runs } = setting(t);
  const first = await archive();
  writeFileSync(join(folder, "version"), "two\n");
  const second = await archive();
  appendFileSync(join(options.libraries, "kafka.jar"), "more");
  const third = await archive();
  assert.equal(new Set([first, second, third]).size, 3);
  writeFileSync(join(folder, "version"), "one\n");
  writeFileSync(join(options.libraries, "another.jar"), "jar");
  assert.ok(![first, second, third].includes(await archive()));
  assert.equal(runs().length, 4);
});

test("one that is cut off, damaged or gone is made anew", async (t) => {
  const { told, archive, runs } = setting(t);
  const path = (await archive()) ?? "";
  const damages = [
    () => truncateSync(path, 3),
    () => writeFileSync(path, "garbage\n"),
    () => rmSync(path),
    () => rmSync(join(path, "..", "checksum")),
  ];
  for (const [nth, damage] of damages.entries()) {
    damage();
    assert.equal(await archive(), path);
    assert.equal(readFileSync(path, "utf8"), "classes\n");
    assert.equal(runs().length, nth + 2);
  }
  assert.equal(told.filter((line) => /is damaged, and made anew/.test(line)).length, damages.length);
});

test("where nothing can be written there is none, and why is told", async (t) => {
  const { options, told, archive, runs } = setting(t);
  writeFileSync(join(options.cacheFolder, "classes"), "");
  assert.equal(await archive(), undefined);
  assert.match(
    told.join("\n"),
    /^starting Kafka without an archive of its classes.*cache\/classes, where nothing can be written \(E\w+\)/,
  );
  assert.deepEqual(runs(), []);
});

test("a Java that makes none is tried once, and then told with what would try it again", async (t) => {
  const { folder, options, told, archive, runs } = setting(t);
  writeFileSync(join(folder, "makes-none"), "");
  assert.equal(await archive(), undefined);
  assert.equal(await archive(), undefined);
  assert.equal(runs().length, 1);
  const [kept = ""] = readdirSync(join(options.cacheFolder, "classes"));
  assert.match(told[1] ?? "", /without an archive of its classes.*this Java made none that it takes/);
  assert.match(told[2] ?? "", new RegExp(`this Java made none.*tried again without .*classes/${kept}$`));
  rmSync(join(folder, "makes-none"));
  rmSync(join(options.cacheFolder, "classes", kept), { recursive: true });
  assert.ok(await archive());
});

test("given up while it is made it leaves nothing, and is made the next time", {
  timeout: 60_000,
}, async (t) => {
  const { folder, options, archive, runs } = setting(t);
  writeFileSync(join(folder, "hangs"), "");
  const ending = new AbortController();
  const given = classArchive({ ...options, signal: ending.signal });
  while (runs().length === 0) await sleep(10);
  ending.abort();
  await assert.rejects(given, { name: "AbortError" });
  assert.deepEqual(readdirSync(join(options.cacheFolder, "classes")), []);
  rmSync(join(folder, "hangs"));
  assert.ok(await archive());
});

test("of two that make it at the same time one is kept, and both have it", async (t) => {
  const { options, archive } = setting(t);
  const [first, second] = await Promise.all([archive(), archive()]);
  assert.ok(first !== undefined && existsSync(first));
  assert.equal(second, first);
  assert.equal(readdirSync(join(options.cacheFolder, "classes")).length, 1);
});
