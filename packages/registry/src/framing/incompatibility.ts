import { compareSchemas } from "../compatibility/compare-schemas.ts";
import type { SchemaRegistry } from "../port.ts";
import type { SubjectSchema } from "../subjects.ts";

/**
 * Why readers of the subject's records could not go on with the schema, in one sentence; null: they can. Its records stay
 * in the topic, so it is compared with every version, whatever the registry itself asks of a new one.
 */
export async function incompatibility(
  registry: SchemaRegistry,
  { subject, schema }: SubjectSchema,
): Promise<string | null> {
  for (const version of await registry.versions(subject)) {
    const older = await registry.version(subject, version);
    if (older === null) continue;
    const breach = compareSchemas(older.schema, schema).find(({ rule }) => rule.breaks === "backward");
    if (breach === undefined) continue;
    const { field, rule, older: was, newer: is } = breach;
    return (
      `the schema registry has ${subject} version ${version}, and ${field || "the schema"} breaks its readers: ` +
      `${rule.name}, was: ${was}; is: ${is}. ${rule.meaning}; ${rule.advice}`
    );
  }
  return null;
}
