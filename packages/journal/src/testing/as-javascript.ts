import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { dirname, join } from "node:path";

const PACKAGES = join(import.meta.dirname, "..", "..", "..");

/**
 * The journal and what it imports as plain JavaScript in `folder`, for a Node that can't run the sources as they are.
 * Returns the path of a source of the journal there.
 */
export function asJavaScript(folder: string, source: string): string {
  for (const name of ["base", "market", "engine", "journal"]) {
    const from = join(PACKAGES, name, "src");
    const to = join(folder, "node_modules", "@bourse", name);
    for (const path of readdirSync(from, { recursive: true, encoding: "utf8" })) {
      if (!path.endsWith(".ts") || path.endsWith(".test.ts")) continue;
      const target = join(to, "src", path.replace(/\.ts$/, ".js"));
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, javaScriptOf(readFileSync(join(from, path), "utf8")));
    }
    writeFileSync(
      join(to, "package.json"),
      JSON.stringify({ type: "module", exports: { ".": "./src/index.js" } }),
    );
  }
  return join(folder, "node_modules", "@bourse", "journal", "src", source.replace(/\.ts$/, ".js"));
}

function javaScriptOf(source: string): string {
  return stripTypeScriptTypes(source).replaceAll(/(from "\.[^"]*)\.ts"/g, '$1.js"');
}
