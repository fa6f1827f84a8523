import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ROOT } from "../repository.ts";
import { generatedDocuments } from "./documents.ts";

const documents = await generatedDocuments();

describe("npm run generate has been run:", () => {
  for (const { path, text } of documents) {
    test(path, () => assert.equal(readFileSync(join(ROOT, path), "utf8"), text));
  }
});
