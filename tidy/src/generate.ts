import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generatedDocuments } from "./generated/documents.ts";
import { ROOT } from "./repository.ts";

for (const { path, text } of await generatedDocuments()) {
  writeFileSync(join(ROOT, path), text);
  console.log(`wrote ${path}`);
}
