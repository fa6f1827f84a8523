import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Compile } from "typebox/compile";
import { catalogue, EpochStarted, type EventContract } from "./index.ts";

/**
 * What an earlier version wrote stays readable: `golden/` keeps, for every version of every event that was ever written,
 * the smallest and the fullest event of that version. They are never edited; a new version adds its own.
 */
const GOLDEN = join(import.meta.dirname, "../golden");

interface Golden {
  readonly eventType: string;
  readonly version: number;
  readonly schemaFields: { readonly required: readonly string[]; readonly optional: readonly string[] };
  readonly samples: readonly Record<string, unknown>[];
}

const golden: readonly Golden[] = readdirSync(GOLDEN).map((name) =>
  JSON.parse(readFileSync(join(GOLDEN, name), "utf8")),
);
type AnyContract = Omit<EventContract, "writer">;
const contracts = new Map<string, AnyContract>(
  [...catalogue.flatMap((topic): readonly AnyContract[] => topic.events), EpochStarted].map((event) => [
    event.eventType,
    event,
  ]),
);

/** Events of topics whose values are a published contract of their own. */
const plain = new Set(
  catalogue
    .filter(({ values }) => values === "plain")
    .flatMap(({ events }) => events.map((e) => e.eventType)),
);

function contractOf(eventType: string): AnyContract {
  const contract = contracts.get(eventType);
  assert.ok(contract, `${eventType} was written once, so its contract stays`);
  return contract;
}

describe("a later version reads what an earlier one wrote", () => {
  it("has golden events to read", () => assert.ok(golden.length >= contracts.size));

  for (const { eventType, version, samples } of golden) {
    it(`${eventType} v${version}`, () => {
      const contract = contractOf(eventType);
      assert.ok(version <= contract.version);
      const reader = Compile(contract.schema);
      for (const sample of samples) {
        assert.ok(reader.Check(sample), JSON.stringify(reader.Errors(sample)));
        assert.ok(reader.Check({ ...sample, addedLater: 1 }), "unknown fields are ignored");
        if (plain.has(eventType)) assert.ok(!("eventType" in sample) && !("timestamp" in sample));
        else assert.deepEqual(Object.keys(sample).slice(0, 2), ["eventType", "timestamp"]);
      }
    });
  }

  for (const contract of contracts.values()) {
    it(`${contract.eventType} v${contract.version} is on record, field by field: a change of fields is a new version`, () => {
      const record = golden.find(
        ({ eventType, version }) => eventType === contract.eventType && version === contract.version,
      );
      assert.ok(record, `golden/${contract.eventType}.v${contract.version}.json is there`);
      const required: readonly string[] = contract.schema.required ?? [];
      const optional = Object.keys(contract.schema.properties).filter((field) => !required.includes(field));
      assert.deepEqual({ required: [...required].sort(), optional: optional.sort() }, record.schemaFields);
    });
  }

  it("a reader that needs a new field refuses an old event, so such a change fails here", () => {
    const contract = contractOf("OrderCancelled");
    const strict = { ...contract.schema, required: [...(contract.schema.required ?? []), "invented"] };
    const sample = golden.find(({ eventType }) => eventType === "OrderCancelled")?.samples[0];
    assert.equal(Compile(strict).Check(sample), false);
  });
});
