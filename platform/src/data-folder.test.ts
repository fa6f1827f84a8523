import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { openDataFolder } from "./data-folder.ts";

interface Opened {
  readonly created: boolean;
  readonly operatorKey: string;
  readonly secret: string;
}

const PROCESSES = 4;
/** Each says that it is ready, and goes when the file is there: all in the same moment. */
const SCRIPT = `
  import { existsSync } from "node:fs";
  const { openDataFolder } = await import(${JSON.stringify(join(import.meta.dirname, "data-folder.ts"))});
  const [, folder, go] = process.argv;
  process.stderr.write("ready");
  while (!existsSync(go));
  const { created, operatorKey, secret } = openDataFolder(folder);
  console.log(JSON.stringify({ created, operatorKey, secret: secret("database/x") }));`;

test("processes that make a data folder at the same time have one secret and one key", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "bourse-data-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [data, go] = [join(folder, "data"), join(folder, "go")];
  const started = Array.from({ length: PROCESSES }, () =>
    spawn(process.execPath, ["--input-type=module", "-e", SCRIPT, data, go]),
  );
  const answers = started.map(({ stdout }) => text(stdout));
  await Promise.all(started.map(({ stderr }) => once(stderr, "data")));
  writeFileSync(go, "");
  const made = (await Promise.all(answers)).map((answer) => JSON.parse(answer) as Opened);
  assert.equal(new Set(made.map(({ secret }) => secret)).size, 1);
  assert.equal(new Set(made.map(({ operatorKey }) => operatorKey)).size, 1);
  assert.equal(made.filter(({ created }) => created).length, 1);
  assert.deepEqual(readdirSync(data).sort(), ["data.json", "operator.key"]);
});

test("the first operator's key is the environment's where it has one, else the folder's", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "bourse-data-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const kept = openDataFolder(folder).operatorKey;
  assert.equal(openDataFolder(folder, { BOURSE_OPERATOR_KEY: "" }).operatorKey, kept);
  const given = `bk_${"a".repeat(40)}`;
  assert.equal(openDataFolder(folder, { BOURSE_OPERATOR_KEY: given }).operatorKey, given);
  assert.equal(openDataFolder(folder).operatorKey, kept, "it is written nowhere");
});

test("what is in a data folder is for its owner's eyes", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "bourse-data-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const data = openDataFolder(join(folder, "data"));
  const inside = [data.folder("bus"), ...["data.json", "operator.key"].map((name) => join(data.path, name))];
  for (const path of inside) assert.equal(statSync(path).mode & 0o077, 0, path);
});
