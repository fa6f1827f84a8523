import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

/** The modules of node_modules that a process has loaded after an import. */
function loadedBy(specifier: string): ReadonlySet<string> {
  const script = `
    import { registerHooks } from "node:module";
    const loaded = new Set();
    registerHooks({
      load(url, context, next) {
        loaded.add(/.*node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1]);
        return next(url, context);
      },
    });
    await import(${JSON.stringify(specifier)});
    console.log(JSON.stringify([...loaded]));
    process.exit(0);`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd: join(import.meta.dirname, "../.."),
    encoding: "utf8",
  });
  assert.notEqual(stdout, "", stderr);
  return new Set(JSON.parse(stdout));
}

const CLIENT = "@platformatic/kafka";

test("Kafka's client is loaded with the bus that needs it, and not with the platform", () => {
  const platform = loadedBy("@bourse/platform");
  assert.ok(platform.has("fastify"), "it sees what is loaded");
  assert.ok(!platform.has(CLIENT));
  assert.ok(loadedBy("@bourse/bus/kafka").has(CLIENT));
});
