import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { catalogue } from "@bourse/contracts";
import { deliveryMigrations } from "@bourse/delivery";
import { allDefinitions } from "@bourse/platform";
import { schemaOfService } from "@bourse/store";
import { applyMigrations } from "./apply-migrations.ts";
import { InProcessPostgres } from "./in-process-postgres.ts";

/** docs/stored.md promises for all that is stored what makes it smaller. */

const document = readFileSync(join(import.meta.dirname, "../../../docs/stored.md"), "utf8");

/** By its name, what the document says of it: a row is, what makes it smaller, bound. */
function tablesUnder(heading: string): ReadonlyMap<string, readonly string[]> {
  const [, section = ""] = document.split(`\n## ${heading}\n`);
  const [text = ""] = section.split("\n## ");
  const rows = [...text.matchAll(/^\| `([^`]+)` \|(.*)\|$/gm)];
  return new Map(rows.map(([, name = "", rest = ""]) => [name, rest.split("|").map((cell) => cell.trim())]));
}

const ofEvery = tablesUnder("Tables of every service");
const ofOne = tablesUnder("Tables of one service");

describe("docs/stored.md", () => {
  let database: InProcessPostgres;
  /** Without those of delivery. */
  const made: string[] = [];

  before(async () => {
    database = await InProcessPostgres.start();
    for (const { name, migrations } of allDefinitions) {
      if (migrations === undefined) continue;
      const schema = schemaOfService(name);
      await applyMigrations(database, schema, [deliveryMigrations, migrations]);
      const text = `SELECT relname FROM pg_class WHERE relnamespace = '"${schema}"'::regnamespace
        AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname`;
      const [rows = []] = database.pipeline(schema, [{ text, values: [] }]);
      for (const { relname } of rows)
        if (!ofEvery.has(String(relname))) made.push(`${name}.${String(relname)}`);
    }
  });
  after(() => database.close());

  it("has every table, and no other", () => {
    assert.ok(ofEvery.size > 8 && made.length > 20);
    assert.deepEqual([...ofOne.keys()].sort(), made.sort());
  });

  it("says of each what makes it smaller, and its bound", () => {
    for (const [table, cells] of [...ofEvery, ...ofOne])
      assert.ok(cells.length === 3 && cells.every((cell) => cell !== ""), `${table}: ${cells.join(" | ")}`);
  });

  it("names the topics that are kept for ever", () => {
    const [, kept = ""] = /Kept for ever: (.*),/.exec(document) ?? [];
    const forEver = catalogue.filter(({ retentionMs }) => retentionMs < 0).map(({ name }) => `\`${name}\``);
    assert.deepEqual(kept.split(", "), forEver);
  });
});
