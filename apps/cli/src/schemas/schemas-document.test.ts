import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { COMPATIBILITY_RULES } from "@bourse/registry";
import { PROJECT_ROOT } from "../data-folder.ts";
import { unknownCommands } from "../testing/known-commands.ts";
import { namedCommands, shellBlocks } from "../testing/shell-blocks.ts";

const PATH = "docs/schemas.md";
const MAIN = join(import.meta.dirname, "../main.ts");
const text = readFileSync(join(PROJECT_ROOT, PATH), "utf8");
const manifest = JSON.parse(readFileSync(join(PROJECT_ROOT, "package.json"), "utf8"));
const blocks = shellBlocks(PATH, text);

describe(PATH, () => {
  test("names commands that there are", () => {
    const commands = [...blocks.map((block) => block.text), ...namedCommands(text)];
    assert.ok(commands.length >= 5);
    assert.deepEqual(
      commands.flatMap((command) => unknownCommands(command, manifest)),
      [],
    );
  });

  const lines = blocks.filter(({ mode }) => mode === "run").flatMap((block) => block.text.trim().split("\n"));
  for (const line of lines)
    test(line, () => {
      const [npx, bourse, ...args] = line.split(" ");
      assert.deepEqual([npx, bourse], ["npx", "bourse"]);
      const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: "utf8" });
      // What is not committed yet may break readers: that is the command's answer, not its failure.
      assert.ok(status === 0 || (status === 1 && args[1] === "check"), stderr);
      assert.notEqual(stdout, "");
    });

  test("explains every rule", () => {
    assert.ok(COMPATIBILITY_RULES.length >= 20);
    const unexplained = COMPATIBILITY_RULES.filter(({ name }) => !text.includes(`\`${name}\``));
    assert.deepEqual(unexplained, []);
  });
});
