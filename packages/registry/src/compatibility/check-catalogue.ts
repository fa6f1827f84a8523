import { isDeepStrictEqual } from "node:util";
import type { JsonSchema, SchemaVersion } from "@bourse/contracts";
import { ANNOTATIONS } from "./alternatives.ts";
import type { CatalogueRecord } from "./catalogue-record.ts";
import { compareSchemas } from "./compare-schemas.ts";
import { refusalsOf } from "./refusals.ts";
import { EVENT_RULES, type Rule } from "./rules.ts";

/** A rule that a change of the catalogue breaks, and where. */
export interface Finding {
  /** A topic's name where the topic itself has changed. */
  readonly event: string;
  readonly olderVersion: number | null;
  readonly newerVersion: number | null;
  readonly field: string;
  readonly rule: Rule;
  readonly older: string;
  readonly newer: string;
}

/** What has changed between two moments of a catalogue and breaks one of the rules. */
export function compareCatalogues(older: CatalogueRecord, newer: CatalogueRecord): readonly Finding[] {
  return [...eventFindings(older, newer), ...topicFindings(older, newer)];
}

/** Each version on record against the event as it is now: readers of the history meet all of them. */
export function compareWithRecord(
  onRecord: readonly SchemaVersion[],
  current: ReadonlyMap<string, SchemaVersion>,
): readonly Finding[] {
  return onRecord.flatMap((older): readonly Finding[] => {
    const newer = current.get(older.eventType);
    if (newer === undefined) return [removed(older)];
    return versionFindings(older, newer);
  });
}

/** Versions below the current one that nobody has kept. */
export function missingVersions(
  onRecord: readonly SchemaVersion[],
  current: ReadonlyMap<string, SchemaVersion>,
): readonly Finding[] {
  const kept = new Set(onRecord.map(({ eventType, version }) => `${eventType} ${version}`));
  return [...current.values()].flatMap(({ eventType, version }) =>
    Array.from({ length: version }, (_, index) => index + 1)
      .filter((each) => !kept.has(`${eventType} ${each}`))
      .map((each) => ({
        event: eventType,
        olderVersion: each,
        newerVersion: version,
        field: "",
        rule: EVENT_RULES.versionMissing,
        older: `version ${each}`,
        newer: "no file",
      })),
  );
}

/** Versions that were on record at an earlier moment and are not, or no longer the same: they are never edited. */
export function compareVersions(
  before: readonly SchemaVersion[],
  now: readonly SchemaVersion[],
): readonly Finding[] {
  const kept = new Map(now.map((each) => [`${each.eventType} ${each.version}`, each]));
  return before.flatMap((older): readonly Finding[] => {
    const newer = kept.get(`${older.eventType} ${older.version}`);
    if (newer !== undefined) return versionFindings(older, newer);
    const was = `version ${older.version}`;
    const rule = EVENT_RULES.versionMissing;
    const at = { event: older.eventType, olderVersion: older.version, newerVersion: null, field: "" };
    return [{ ...at, rule, older: was, newer: "no file" }];
  });
}

function eventFindings(older: CatalogueRecord, newer: CatalogueRecord): readonly Finding[] {
  const changed = [...older.events.values()].flatMap((before): readonly Finding[] => {
    const after = newer.events.get(before.eventType);
    return after === undefined ? [removed(before)] : versionFindings(before, after);
  });
  return changed;
}

function versionFindings(older: SchemaVersion, newer: SchemaVersion): readonly Finding[] {
  const versions = {
    event: older.eventType,
    olderVersion: older.version,
    newerVersion: newer.version,
  };
  const fields = compareSchemas(older.schema, newer.schema).map((finding) => ({ ...versions, ...finding }));
  const whole = (rule: Rule, was: string, is: string): Finding => ({
    ...versions,
    field: "",
    rule,
    older: was,
    newer: is,
  });
  const [was, is] = [`version ${older.version}`, `version ${newer.version}`];
  if (newer.version < older.version) return [whole(EVENT_RULES.versionLowered, was, is), ...fields];
  if (newer.version > older.version || isSame(older.schema, newer.schema)) return fields;
  return [whole(EVENT_RULES.versionNotRaised, was, `${is} with another schema`), ...fields];
}

function removed({ eventType, version }: SchemaVersion): Finding {
  return {
    event: eventType,
    olderVersion: version,
    newerVersion: null,
    field: "",
    rule: EVENT_RULES.eventRemoved,
    older: `version ${version}`,
    newer: "gone",
  };
}

function topicFindings(older: CatalogueRecord, newer: CatalogueRecord): readonly Finding[] {
  return [...older.topics].flatMap(([name, before]): readonly Finding[] => {
    const at = { event: name, olderVersion: null, newerVersion: null, field: "" };
    const after = newer.topics.get(name);
    if (after === undefined)
      return [{ ...at, rule: EVENT_RULES.topicRemoved, older: "a topic", newer: "gone" }];
    const partitions: readonly Finding[] =
      after.partitions === before.partitions
        ? []
        : [
            {
              ...at,
              rule: EVENT_RULES.partitionsChanged,
              older: `${before.partitions} partitions`,
              newer: `${after.partitions} partitions`,
            },
          ];
    return [...partitions, ...membershipFindings(name, [before.events, after.events], { older, newer })];
  });
}

/** Events that joined or left a topic. One that left the catalogue is told once, as removed. */
function membershipFindings(
  topic: string,
  [before, after]: readonly [ReadonlySet<string>, ReadonlySet<string>],
  { older, newer }: { readonly older: CatalogueRecord; readonly newer: CatalogueRecord },
): readonly Finding[] {
  const left = [...before].filter((event) => !after.has(event) && newer.events.has(event));
  const joined = [...after].filter((event) => !before.has(event));
  const finding = (event: string, rule: Rule, was: string, is: string): Finding => ({
    event,
    olderVersion: older.events.get(event)?.version ?? null,
    newerVersion: newer.events.get(event)?.version ?? null,
    field: "",
    rule,
    older: was,
    newer: is,
  });
  return [
    ...left.map((event) => finding(event, EVENT_RULES.eventRemoved, `in ${topic}`, `not in ${topic}`)),
    ...joined.map((event) => finding(event, EVENT_RULES.eventAdded, `not in ${topic}`, `in ${topic}`)),
  ];
}

/** The same but for words, and for the ways to write one thing (an enumeration, a union of its values). */
function isSame(one: JsonSchema, other: JsonSchema): boolean {
  if (isDeepStrictEqual(bare(one), bare(other))) return true;
  const fields = (schema: JsonSchema): string => JSON.stringify(namesOf(schema));
  return (
    fields(one) === fields(other) &&
    refusalsOf(one, other).length === 0 &&
    refusalsOf(other, one).length === 0
  );
}

/** Names of all fields, with those inside them. */
function namesOf(schema: unknown): unknown {
  if (typeof schema !== "object" || schema === null) return null;
  const { properties, items, anyOf, oneOf } = schema as JsonSchema;
  const inner = [items, anyOf, oneOf].flat().filter((each) => typeof each === "object" && each !== null);
  const own = Object.entries((properties ?? {}) as object).map(([name, each]) => [name, namesOf(each)]);
  return [own.sort(), inner.map(namesOf).filter((each) => JSON.stringify(each) !== "[[],[]]")];
}

function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([keyword, each]) => !ANNOTATIONS.has(keyword) || typeof each === "object")
      .map(([keyword, each]) => [keyword, bare(each)]),
  );
}
