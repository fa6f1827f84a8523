import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { asyncApiDocument, type JsonSchema } from "@bourse/contracts";
import { currentRecord } from "@bourse/registry";
import { PROJECT_ROOT } from "../data-folder.ts";
import { EXIT } from "../exit-codes.ts";
import { catalogueOfCommit, usualBase } from "./catalogue-of-commit.ts";
import { checkSchemas } from "./check-schemas.ts";

const MAIN = join(import.meta.dirname, "../main.ts");

function bourse(...args: readonly string[]) {
  return spawnSync(process.execPath, [MAIN, "schemas", ...args], { encoding: "utf8" });
}

interface Message {
  readonly payload: { readonly properties: Record<string, JsonSchema>; readonly required: string[] };
}

/** A repository whose only commit had other events: `change` says how they were. */
function repository(t: TestContext, change: (messages: Record<string, Message>) => void): string {
  const root = mkdtempSync(join(tmpdir(), "bourse-schemas-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const document = JSON.parse(JSON.stringify(asyncApiDocument()));
  change(document.components.messages);
  mkdirSync(join(root, "docs"));
  writeFileSync(join(root, "docs/asyncapi.gen.json"), JSON.stringify(document));
  cpSync(join(PROJECT_ROOT, "packages/contracts/versions"), join(root, "packages/contracts/versions"), {
    recursive: true,
  });
  git(root, "init", "--quiet", "--initial-branch", "main");
  git(root, "add", ".");
  git(root, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "-m", "x");
  return root;
}

function git(root: string, ...args: readonly string[]): string {
  return execFileSync("git", [...args], { cwd: root, encoding: "utf8" });
}

describe("the schemas of a commit", () => {
  test("an unchanged catalogue is fully compatible", async (t) => {
    const commit = await catalogueOfCommit(
      repository(t, () => undefined),
      "main",
    );
    const report = checkSchemas({ mode: "full", commit });
    assert.deepEqual([report.breaches, report.notes, report.compatible], [[], [], true]);
    assert.equal(report.events, currentRecord().events.size);
    assert.ok(report.versions >= report.events);
  });

  test("a field that was there not always, or had other values, is told with what to do", async (t) => {
    const root = repository(t, ({ OrderCancelled, TradeSettled }) => {
      if (OrderCancelled === undefined || TradeSettled === undefined) throw new Error("no such events");
      OrderCancelled.payload.required.splice(OrderCancelled.payload.required.indexOf("symbol"), 1);
      TradeSettled.payload.properties.shortfall = { type: "integer" };
    });
    const commit = await catalogueOfCommit(root, "HEAD");
    const report = checkSchemas({ mode: "backward", commit });
    assert.equal(report.compatible, false);
    const lines = report.breaches.map(({ event, field, rule }) => `${event} ${field} ${rule}`.trimEnd());
    assert.deepEqual(lines.sort(), [
      "OrderCancelled  version_not_raised",
      "OrderCancelled symbol required_added",
      "TradeSettled  version_not_raised",
      "TradeSettled shortfall type_narrowed",
    ]);
    assert.deepEqual(
      report.notes.map(({ event, field, rule }) => `${event} ${field} ${rule}`),
      ["TradeSettled shortfall type_widened"],
    );
    assert.ok(report.breaches.every(({ advice }) => advice !== ""));
  });

  test("the usual base is the last release, else where the branch left the main one", async (t) => {
    const root = repository(t, () => undefined);
    const first = git(root, "rev-parse", "HEAD").trim();
    assert.equal((await usualBase(root))?.ref, first);
    git(root, "tag", "v1.0.0");
    assert.equal((await usualBase(root))?.ref, "v1.0.0");
    assert.equal(await usualBase(tmpdir()), null);
  });

  test("what is no commit, or has no events, is named", async (t) => {
    const root = repository(t, () => undefined);
    await assert.rejects(catalogueOfCommit(root, "nowhere"), /--against: "nowhere" is no commit here/);
    git(root, "rm", "--quiet", "docs/asyncapi.gen.json");
    git(root, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "--quiet", "-m", "y");
    await assert.rejects(catalogueOfCommit(root, "main"), /main has no docs\/asyncapi\.gen\.json/);
  });
});

describe("bourse schemas", () => {
  test("lists the events and shows one", () => {
    const listed = bourse("list", "--json");
    assert.equal(listed.status, EXIT.ok, listed.stderr);
    const { events } = JSON.parse(listed.stdout);
    assert.equal(events.length, currentRecord().events.size);
    const shown = bourse("show", "TradeSettled", "--event-version", "1");
    assert.equal(JSON.parse(shown.stdout).title, "TradeSettled");
    assert.equal(bourse("show", "Nothing").status, EXIT.usage);
    assert.match(bourse("show", "TradeSettled", "--event-version", "999").stderr, /999 -> 1/);
  });

  test("checks against a commit that is no commit", () => {
    const checked = bourse("check", "--against", "no-such-branch", "--json");
    assert.equal(checked.status, EXIT.usage);
    assert.match(checked.stderr, /no-such-branch/);
    assert.equal(bourse("check", "--mode", "sideways").status, EXIT.usage);
  });
});
