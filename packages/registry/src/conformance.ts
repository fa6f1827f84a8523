import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import type { JsonSchema } from "@bourse/contracts";
import type { CompatibilityLevel, SchemaRegistry } from "./port.ts";
import { RegistryError } from "./registry-error.ts";

export interface RegistryHarness {
  readonly registry: SchemaRegistry;
  close(): Promise<void>;
}

interface Change {
  readonly what: string;
  readonly from: JsonSchema;
  readonly to: JsonSchema;
  /** The levels that take it, of those that ask something. */
  readonly taken: readonly CompatibilityLevel[];
}

/** As writers' schemas are: closed. */
const object = (
  fields: Readonly<Record<string, JsonSchema>>,
  optional: readonly string[] = [],
): JsonSchema => ({
  $schema: "http://json-schema.org/draft-07/schema#",
  type: "object",
  required: Object.keys(fields).filter((name) => !optional.includes(name)),
  properties: fields,
  additionalProperties: false,
});
const text = { type: "string" };
const side = (...values: readonly string[]) => ({ type: "string", enum: values });

/** Where every registry says the same: in the levels of one direction, each change that a test names. */
const CHANGES: readonly Change[] = [
  {
    what: "an optional field is added",
    from: object({ a: text }),
    to: object({ a: text, b: text }, ["b"]),
    taken: ["BACKWARD", "BACKWARD_TRANSITIVE"],
  },
  {
    what: "a required field is added",
    from: object({ a: text }),
    to: object({ a: text, b: text }),
    taken: [],
  },
  {
    what: "an optional field becomes required",
    from: object({ a: text, b: text }, ["b"]),
    to: object({ a: text, b: text }),
    taken: ["FORWARD", "FORWARD_TRANSITIVE"],
  },
  {
    what: "a type is widened",
    from: object({ a: { type: "integer" } }),
    to: object({ a: { type: "number" } }),
    taken: ["BACKWARD", "BACKWARD_TRANSITIVE"],
  },
  {
    what: "an enumeration grows",
    from: object({ a: side("BUY") }),
    to: object({ a: side("BUY", "SELL") }),
    taken: ["BACKWARD", "BACKWARD_TRANSITIVE"],
  },
  {
    what: "an enumeration shrinks",
    from: object({ a: side("BUY", "SELL") }),
    to: object({ a: side("BUY") }),
    taken: ["FORWARD", "FORWARD_TRANSITIVE"],
  },
  {
    what: "a longest length is lowered",
    from: object({ a: { type: "string", maxLength: 5 } }),
    to: object({ a: { type: "string", maxLength: 4 } }),
    taken: ["FORWARD", "FORWARD_TRANSITIVE"],
  },
];
/**
 * What the adapters agree on. An optional field added to a closed object is not taken by FORWARD of a server, whose
 * readers may validate; ours ignore what they don't know (R12), so that pair is left out.
 */
const isAgreed = ({ what }: Change, level: CompatibilityLevel): boolean =>
  !(what.includes("field is added") && /FORWARD|FULL/.test(level));

/** What every schema registry does, whichever adapter it is behind. */
export function registryConformance(
  name: string,
  open: () => Promise<RegistryHarness>,
  options: { readonly skip?: string } = {},
): void {
  describe(`a schema registry: ${name}`, options.skip === undefined ? {} : { skip: options.skip }, () => {
    let harness: RegistryHarness;
    before(async () => {
      harness = await open();
      // Apicurio takes a subject's NONE for "as all others", so that it says nothing where the others have a level.
      await harness.registry.setLevel("NONE");
    });
    after(() => harness?.close());
    const registry = (): SchemaRegistry => harness.registry;
    // The registry may be shared, and never forgets.
    const newSubject = (): string => `test-${randomUUID()}/ümlaut value`;
    const unique = (schema: JsonSchema): JsonSchema => ({ ...schema, description: randomUUID() });

    test("a new subject has one version, which can be found by each of its names", async () => {
      const subject = newSubject();
      const schema = unique(object({ a: text }));
      const registered = await registry().register(subject, schema);
      assert.equal(registered.version, 1);
      assert.ok(registered.id > 0 && registered.id < 2 ** 31);
      assert.deepEqual(registered.schema, schema);
      assert.deepEqual(await registry().find(subject, schema), registered);
      assert.deepEqual(await registry().version(subject, 1), registered);
      assert.deepEqual(await registry().version(subject, "latest"), registered);
      assert.deepEqual(await registry().schemaOf(registered.id), schema);
      assert.ok((await registry().subjects()).includes(subject));
    });

    test("registering again is the same version, also from several sides at once", async () => {
      const subject = newSubject();
      const schema = unique(object({ a: text }));
      const first = await registry().register(subject, schema);
      const again = await Promise.all([1, 2, 3].map(() => registry().register(subject, schema)));
      assert.deepEqual(again, [first, first, first]);
      assert.deepEqual(await registry().versions(subject), [1]);
    });

    test("one schema has one id, in whatever subject", async () => {
      const schema = unique(object({ a: text }));
      const one = await registry().register(newSubject(), schema);
      const other = await registry().register(newSubject(), schema);
      assert.equal(one.id, other.id);
      assert.notEqual(one.subject, other.subject);
    });

    test("versions of a subject are counted, and another schema has another id", async () => {
      const subject = newSubject();
      const first = await registry().register(subject, unique(object({ a: text })));
      const second = await registry().register(subject, unique(object({ a: text, b: text }, ["b"])));
      assert.deepEqual(await registry().versions(subject), [1, 2]);
      assert.deepEqual([first.version, second.version], [1, 2]);
      assert.notEqual(first.id, second.id);
      assert.deepEqual(await registry().version(subject, "latest"), second);
    });

    test("what is not there is null, not an error", async () => {
      const subject = newSubject();
      assert.deepEqual(await registry().versions(subject), []);
      assert.equal(await registry().version(subject, "latest"), null);
      assert.equal(await registry().find(subject, object({})), null);
      assert.equal(await registry().schemaOf(2 ** 31 - 1), null);
      const known = await registry().register(subject, unique(object({ a: text })));
      assert.equal(await registry().version(subject, known.version + 1), null);
      assert.equal(await registry().find(subject, unique(object({ a: text }))), null);
    });

    test("a subject has a level of its own where it was given one", async () => {
      const subject = newSubject();
      await registry().register(subject, unique(object({ a: text })));
      await registry().setLevel("FULL_TRANSITIVE", subject);
      assert.equal(await registry().level(subject), "FULL_TRANSITIVE");
      assert.equal(await registry().level(), "NONE");
      assert.equal(await registry().level(newSubject()), "NONE");
    });

    for (const change of CHANGES) {
      for (const level of ["NONE", "BACKWARD", "FORWARD", "FULL", "BACKWARD_TRANSITIVE"] as const) {
        if (!isAgreed(change, level)) continue;
        const isTaken = level === "NONE" || change.taken.includes(level);
        test(`${level} ${isTaken ? "takes" : "refuses"}: ${change.what}`, async () => {
          const subject = newSubject();
          await registry().register(subject, unique(change.from));
          await registry().setLevel(level, subject);
          const next = unique(change.to);
          assert.equal(await registry().check(subject, next), isTaken);
          if (isTaken) assert.equal((await registry().register(subject, next)).version, 2);
          else {
            await assert.rejects(
              registry().register(subject, next),
              (error) => error instanceof RegistryError && error.code === "schema_incompatible",
            );
            assert.deepEqual(await registry().versions(subject), [1]);
          }
        });
      }
    }

    test("a transitive level looks at all versions, a plain one at the last", async () => {
      for (const [level, isTaken] of [
        ["BACKWARD", true],
        ["BACKWARD_TRANSITIVE", false],
      ] as const) {
        const subject = newSubject();
        await registry().register(subject, unique(object({ a: side("BUY", "SELL") })));
        await registry().setLevel("NONE", subject);
        await registry().register(subject, unique(object({ a: side("BUY") })));
        await registry().setLevel(level, subject);
        const third = unique(object({ a: side("BUY"), b: text }, ["b"]));
        assert.equal(await registry().check(subject, third), isTaken, level);
      }
    });

    test("a new subject takes anything", async () => {
      assert.equal(await registry().check(newSubject(), object({ a: text })), true);
    });
  });
}
