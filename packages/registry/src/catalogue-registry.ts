import { createHash } from "node:crypto";
import { catalogue, type JsonSchema, type SchemaVersion, type Topic } from "@bourse/contracts";
import { compareSchemas } from "./compatibility/compare-schemas.ts";
import { isBreach, type Mode } from "./compatibility/rules.ts";
import type { CompatibilityLevel, RegisteredSchema, SchemaRegistry } from "./port.ts";
import { RegistryError } from "./registry-error.ts";
import { type SubjectStrategy, subjectHistory } from "./subjects.ts";
import { versionsOnRecord } from "./versions-on-record.ts";

export interface CatalogueRegistryOptions {
  readonly strategy?: SubjectStrategy;
  readonly topics?: readonly Topic[];
  readonly onRecord?: readonly SchemaVersion[];
}

/**
 * The catalogue as a registry: its subjects have the versions on record. What is registered beyond them is kept in
 * memory. An id is a hash of the schema, so that every process has the same one.
 */
export function catalogueRegistry(options: CatalogueRegistryOptions = {}): SchemaRegistry {
  const { strategy = "TopicRecordNameStrategy", topics = catalogue, onRecord = versionsOnRecord() } = options;
  const registry = new CatalogueRegistry();
  for (const { subject, schema } of subjectHistory(strategy, topics, onRecord)) registry.add(subject, schema);
  return registry;
}

/** What a server's default is, too. */
const DEFAULT_LEVEL: CompatibilityLevel = "BACKWARD";

class CatalogueRegistry implements SchemaRegistry {
  readonly kind = "catalogue";
  readonly #subjects = new Map<string, RegisteredSchema[]>();
  readonly #byId = new Map<number, JsonSchema>();
  readonly #levels = new Map<string, CompatibilityLevel>();
  #level = DEFAULT_LEVEL;

  add(subject: string, schema: JsonSchema): RegisteredSchema {
    const known = this.#found(subject, schema);
    if (known !== undefined) return known;
    const versions = this.#subjects.get(subject) ?? [];
    const registered = { subject, version: versions.length + 1, id: idOf(schema), schema };
    this.#subjects.set(subject, [...versions, registered]);
    this.#byId.set(registered.id, schema);
    return registered;
  }

  async subjects(): Promise<readonly string[]> {
    return [...this.#subjects.keys()];
  }

  async versions(subject: string): Promise<readonly number[]> {
    return (this.#subjects.get(subject) ?? []).map(({ version }) => version);
  }

  async version(subject: string, version: number | "latest"): Promise<RegisteredSchema | null> {
    const versions = this.#subjects.get(subject) ?? [];
    return (version === "latest" ? versions.at(-1) : versions[version - 1]) ?? null;
  }

  async schemaOf(id: number): Promise<JsonSchema | null> {
    return this.#byId.get(id) ?? null;
  }

  async find(subject: string, schema: JsonSchema): Promise<RegisteredSchema | null> {
    return this.#found(subject, schema) ?? null;
  }

  async check(subject: string, schema: JsonSchema): Promise<boolean> {
    return this.#faults(subject, schema).length === 0;
  }

  async register(subject: string, schema: JsonSchema): Promise<RegisteredSchema> {
    const known = this.#found(subject, schema);
    if (known !== undefined) return known;
    const faults = this.#faults(subject, schema);
    if (faults.length > 0) throw new RegistryError("schema_incompatible", `${subject}: ${faults.join("; ")}`);
    return this.add(subject, schema);
  }

  async level(subject?: string): Promise<CompatibilityLevel> {
    return (subject === undefined ? undefined : this.#levels.get(subject)) ?? this.#level;
  }

  async setLevel(level: CompatibilityLevel, subject?: string): Promise<void> {
    if (subject === undefined) this.#level = level;
    else this.#levels.set(subject, level);
  }

  async close(): Promise<void> {
    this.#subjects.clear();
    this.#byId.clear();
  }

  #found(subject: string, schema: JsonSchema): RegisteredSchema | undefined {
    const id = idOf(schema);
    return this.#subjects.get(subject)?.find((each) => each.id === id);
  }

  #faults(subject: string, schema: JsonSchema): readonly string[] {
    const level = this.#levels.get(subject) ?? this.#level;
    const mode = modeOf(level);
    if (mode === null) return [];
    const versions = this.#subjects.get(subject) ?? [];
    const compared = level.endsWith("_TRANSITIVE") ? versions : versions.slice(-1);
    return compared.flatMap((older) =>
      compareSchemas(older.schema, schema)
        .filter(({ rule }) => isBreach(rule.breaks, mode))
        .map(({ rule, field }) => `${rule.name} ${field} since version ${older.version}`),
    );
  }
}

/** null: nothing is asked. */
export function modeOf(level: CompatibilityLevel): Mode | null {
  const [name] = level.split("_");
  return name === "NONE" ? null : (name?.toLowerCase() as Mode);
}

/** 31 bits of the schema's hash: a positive int32, as ids are on the wire. */
function idOf(schema: JsonSchema): number {
  const hash = createHash("sha256").update(JSON.stringify(schema)).digest();
  return hash.readUInt32BE(0) >>> 1;
}
