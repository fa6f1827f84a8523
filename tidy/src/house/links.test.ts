import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { describeViolations, listFiles, readFiles } from "../repository.ts";
import { assertNone } from "../testing.ts";
import { checkLinks } from "./links.ts";

test("links in the documents resolve", () => {
  const documents = readFiles((path) => path.endsWith(".md"));
  assert.ok(documents.length >= 5);
  assertNone(checkLinks(documents, listFiles()));
});

describe("a link", () => {
  const other = { path: "docs/other.md", text: "# One thing\n## `Two` things, again\n# One thing\n" };
  const found = (text: string): string =>
    describeViolations(
      checkLinks([{ path: "docs/a.md", text }, other], ["docs/a.md", "docs/other.md", "src/x.ts"]),
    );

  for (const text of [
    "[a](other.md)",
    "[a](./other.md#one-thing)",
    "[a](other.md#one-thing-1)",
    "[a](other.md#two-things-again)",
    "[a](../src/x.ts) and [b](../src/)",
    "# Here\n[a](#here)",
    "[a](https://example.org/nowhere)",
    "```\n[a](nowhere.md)\n```",
    "`[a](nowhere.md)`",
  ]) {
    test(`passes: ${JSON.stringify(text)}`, () => assert.equal(found(text), ""));
  }

  for (const [text, rule] of [
    ["[a](nowhere.md)", "nowhere.md leads nowhere"],
    ["![a](picture.png)", "picture.png leads nowhere"],
    ["[a]\n\n[a]: nowhere.md", "nowhere.md leads nowhere"],
    ['<a href="nowhere.md">', "nowhere.md leads nowhere"],
    ["[a](../../outside.md)", "../../outside.md leads nowhere"],
    ["[a](/docs/other.md)", "/docs/other.md is not relative"],
    ["[a](other.md#three)", "docs/other.md has no heading #three"],
    ["[a](#three)", "docs/a.md has no heading #three"],
  ] as const) {
    test(`is reported: ${JSON.stringify(text)}`, () => assert.match(found(text), new RegExp(`: ${rule}$`)));
  }
});
