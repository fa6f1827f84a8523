import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { entryOf, PROJECT_ROOT } from "../command-process.ts";
import { startEmbedded } from "./benched-platform.ts";

const NEVER_UP = `
  import { renameSync, writeFileSync } from "node:fs";
  const begun = \`\${import.meta.dirname}/begun.json\`;
  const data = process.argv[process.argv.indexOf("--data") + 1];
  writeFileSync(\`\${begun}.new\`, JSON.stringify({ pid: process.pid, data }));
  renameSync(\`\${begun}.new\`, begun);
  setInterval(() => {}, 60_000);
`;

test("an abort is heard while the platform is still starting, and nothing is left of it", async (t) => {
  const root = mkdtempSync(join(tmpdir(), "never-up-"));
  t.after(() => rmSync(root, { recursive: true }));
  cpSync(join(PROJECT_ROOT, "toolchain/command-process.cjs"), join(root, "toolchain/command-process.cjs"));
  const entry = entryOf(root);
  mkdirSync(join(entry, ".."), { recursive: true });
  writeFileSync(entry, NEVER_UP);
  const stop = new AbortController();
  const starting = startEmbedded({ root, env: {}, progress: () => {}, signal: stop.signal });
  const begun = join(entry, "../begun.json");
  while (!existsSync(begun)) await Promise.race([starting, sleep(20)]);
  const { pid, data } = JSON.parse(readFileSync(begun, "utf8")) as { pid: number; data: string };
  stop.abort(new Error("stopped"));
  await assert.rejects(starting, /stopped/);
  assert.throws(() => process.kill(pid, 0), /ESRCH/);
  assert.equal(existsSync(data), false);
});
