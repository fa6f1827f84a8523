import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { optionsOrExit } from "@bourse/command-line";
import { ROOT } from "./repository.ts";

const USAGE =
  "npm run generate      writes the documents that are derived from definitions, into their places";

optionsOrExit((args) => parseArgs({ args: [...args] }), USAGE);
// After the options: who asks for the usage does not wait for the platform's modules.
const { generatedDocuments } = await import("./generated/documents.ts");
for (const { path, text } of await generatedDocuments()) {
  writeFileSync(join(ROOT, path), text);
  console.log(`wrote ${path}`);
}
