import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { STEPS } from "./check-steps.ts";

describe("npm run check", () => {
  for (const { name, run } of STEPS) {
    test(name, async () => {
      const { files, problems } = await run({ fix: false });
      assert.ok(problems === "", `\n${problems}\n`);
      assert.ok(files > 0, "looked at no file");
    });
  }
});
