import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { PROJECT_ROOT } from "../command-process.ts";
import { readOptions } from "./options.ts";

const AGAINST = ["--against", PROJECT_ROOT];

test("without more than the other folder: three rounds of batches", () => {
  assert.deepEqual(readOptions(AGAINST), {
    against: PROJECT_ROOT,
    loads: ["batched"],
    rounds: 3,
    seconds: 12,
    json: false,
  });
});

test("loads come in the order in which they are asked for", () => {
  const { loads, rounds } = readOptions([
    ...AGAINST,
    "--load",
    "steady",
    "--load",
    "single256",
    "--rounds",
    "1",
  ]);
  assert.deepEqual([loads, rounds], [["steady", "single256"], 1]);
});

test("wrong options are refused in words", () => {
  assert.throws(() => readOptions([]), /--against is missing/);
  assert.throws(() => readOptions(["--against", tmpdir()]), /a checkout of this project/);
  assert.throws(() => readOptions([...AGAINST, "--load", "all"]), /"all"; allowed are batched/);
  assert.throws(() => readOptions([...AGAINST, "--rounds", "0"]), /--rounds is "0"; allowed are whole/);
  assert.throws(() => readOptions([...AGAINST, "--seconds", "1.5"]), /--seconds is "1.5"/);
});
