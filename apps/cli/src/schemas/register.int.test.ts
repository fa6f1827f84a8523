import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, test } from "node:test";
import { catalogue } from "@bourse/contracts";
import { subjectSchemas } from "@bourse/registry";
import { registrySkip, testRegistry } from "@bourse/registry/testing";
import { EXIT } from "../exit-codes.ts";

const MAIN = join(import.meta.dirname, "../main.ts");
const skip = await registrySkip(process.env);

async function bourse(...args: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, "schemas", ...args]);
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    said.stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    said.stderr += chunk;
  });
  const [status] = await once(child, "close");
  return { status, ...said };
}

/** By topic: the other strategy's subjects are other tests' in the shared registry. */
const STRATEGY = ["--strategy", "TopicNameStrategy"];

describe("bourse schemas with a registry", { skip: skip ?? false }, () => {
  test("registers all there is, once", async (t) => {
    const server = await testRegistry(process.env);
    t.after(() => server.stop());
    const wanted = subjectSchemas("TopicNameStrategy", catalogue);

    const planned = await bourse("register", "--registry", server.url, ...STRATEGY, "--dry-run", "--json");
    assert.equal(planned.status, EXIT.ok, planned.stderr);
    assert.equal(JSON.parse(planned.stdout).subjects.length, wanted.length);
    const first = await bourse("register", "--registry", server.url, ...STRATEGY);
    assert.equal(first.status, EXIT.ok, first.stderr);
    const again = await bourse("register", "--registry", server.url, ...STRATEGY);
    assert.equal(again.stdout.trim(), `${wanted.length} registered`);
    const listed = await bourse("list", "--registry", server.url, ...STRATEGY, "--json");
    const states = JSON.parse(listed.stdout).subjects.map(({ state }: { state: string }) => state);
    assert.deepEqual(new Set(states), new Set(["registered"]));
  });

  test("says what it wants and who does not answer", async () => {
    const none = await bourse("register");
    assert.equal(none.status, EXIT.usage);
    assert.match(none.stderr, /--registry/);
    const away = await bourse("list", "--registry", "http://127.0.0.1:1");
    assert.equal(away.status, EXIT.unreachable);
    assert.match(away.stderr, /127\.0\.0\.1:1 does not answer/);
  });
});
