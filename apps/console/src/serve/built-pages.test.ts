import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { pageSources } from "./built-pages.ts";
import { viteSettings } from "./vite-settings.ts";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

test("pages are built anew for a change of any file of the repository that is in them", {
  timeout: 180_000,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "bourse-pages-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const used = new Set<string>();
  const { plugins = [], ...settings } = viteSettings(folder);
  const watching = {
    name: "what is used",
    moduleParsed: ({ id }: { readonly id: string }) => void used.add(relative(ROOT, id.split("?")[0] ?? id)),
  };
  await build({ ...settings, plugins: [...plugins, watching] });
  const ours = [...used].filter((path) => /^(apps|packages)\//.test(path) && !path.includes("node_modules"));
  assert.ok(ours.includes("apps/console/src/web/main.tsx"), "it looked at more than nothing");
  const known = new Set(pageSources());
  assert.deepEqual(
    ours.filter((path) => !known.has(path)),
    [],
  );
});
