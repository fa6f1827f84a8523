import type { JsonSchema } from "@bourse/contracts";

/**
 * A registry of schemas as the platform sees it: subjects with numbered versions, and an id for each distinct schema,
 * which is what travels with a record. Two adapters keep this contract, the catalogue itself (`catalogue-registry.ts`)
 * and any server with the Confluent REST API (`confluent-registry.ts`); `conformance.ts` is the suite that both pass.
 * Every call may throw a {@link RegistryError}.
 */
export interface SchemaRegistry {
  readonly kind: "catalogue" | "confluent";
  subjects(): Promise<readonly string[]>;
  /** Ascending; empty where there is no such subject. */
  versions(subject: string): Promise<readonly number[]>;
  version(subject: string, version: number | "latest"): Promise<RegisteredSchema | null>;
  /** The schema behind a record's id. */
  schemaOf(id: number): Promise<JsonSchema | null>;
  /** The version of the subject that is this very schema. */
  find(subject: string, schema: JsonSchema): Promise<RegisteredSchema | null>;
  /** Whether `register` would take the schema, by the subject's level. */
  check(subject: string, schema: JsonSchema): Promise<boolean>;
  /** The schema's version, a new one where it is new. Throws `schema_incompatible`. */
  register(subject: string, schema: JsonSchema): Promise<RegisteredSchema>;
  /** Of the subject, or of all that have none of their own. */
  level(subject?: string): Promise<CompatibilityLevel>;
  setLevel(level: CompatibilityLevel, subject?: string): Promise<void>;
  close(): Promise<void>;
}

export interface RegisteredSchema {
  readonly subject: string;
  /** Counts the schemas of the subject, from 1; not the version of the event. */
  readonly version: number;
  readonly id: number;
  readonly schema: JsonSchema;
}

/** What a registry asks of a new version of a subject; transitive: of it and all versions before. */
export const COMPATIBILITY_LEVELS = [
  "NONE",
  "BACKWARD",
  "BACKWARD_TRANSITIVE",
  "FORWARD",
  "FORWARD_TRANSITIVE",
  "FULL",
  "FULL_TRANSITIVE",
] as const;
export type CompatibilityLevel = (typeof COMPATIBILITY_LEVELS)[number];
