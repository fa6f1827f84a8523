import { isDeepStrictEqual } from "node:util";
import type { JsonSchema } from "@bourse/contracts";
import { ANNOTATIONS, admitsAll, alternativesOf, areApart } from "./alternatives.ts";

/** Why a reader may refuse what a writer writes. */
export type Reason = "required" | "type" | "values" | "bound" | "pattern" | "closed" | "untold";

/** One thing that the writer's schema admits and the reader's does not. */
export interface Refusal {
  readonly reason: Reason;
  /** `buyer.fee`, `changes[].0`; empty: the value itself. */
  readonly field: string;
  /** What each of them says there, in words. */
  readonly writer: string;
  readonly reader: string;
}

/**
 * What a reader may refuse of what a writer writes; empty: every value that is valid under the writer's schema is valid
 * under the reader's. The writer writes its own fields and no others (R3), so its objects are taken as closed; the
 * reader ignores fields that it does not know (R12), unless its schema forbids them. Constructs that can't be judged are
 * a refusal unless they are equal.
 */
export function refusalsOf(reader: JsonSchema, writer: JsonSchema, field = ""): readonly Refusal[] {
  if (admitsAll(reader)) return [];
  const readable = alternativesOf(reader);
  if ("oneOf" in reader && !isDeepStrictEqual(reader, writer) && !areApart(readable))
    return [{ reason: "untold", field, writer: told(writer, "oneOf"), reader: "oneOf of what may overlap" }];
  const lost: string[] = [];
  const refusals: Refusal[] = [];
  for (const written of alternativesOf(writer)) {
    const found = refusalsOfAlternative(readable, written, field);
    if (found === "value lost") lost.push(inWords(written.const));
    else refusals.push(...found);
  }
  if (lost.length > 0)
    refusals.push({ reason: "values", field, writer: lost.join(", "), reader: valuesOf(readable) });
  return unique(refusals);
}

/** Nothing, where one of the reader's alternatives takes all of it; else what the most alike refuses. */
function refusalsOfAlternative(
  readable: readonly JsonSchema[],
  written: JsonSchema,
  field: string,
): readonly Refusal[] | "value lost" {
  const tries = readable.map((each) => ({ each, refusals: refusalsOfOne(each, written, field) }));
  if (tries.some(({ refusals }) => refusals.length === 0)) return [];
  const alike = tries.filter(({ each }) => likeness(each, written) > 0);
  const [closest] = alike.sort((one, other) => likeness(other.each, written) - likeness(one.each, written));
  if (closest === undefined)
    return [{ reason: "type", field, writer: inWords(written.type), reader: kindsOf(readable) }];
  if (!alike.every(({ each }) => "const" in each)) return closest.refusals;
  if ("const" in written) return "value lost";
  const writer = `any ${inWords(written.type)}`;
  return [{ reason: "values", field, writer, reader: valuesOf(readable) }];
}

/** How near two alternatives are: of the same union, the branch that a change was made to is the most like. */
function likeness(reader: JsonSchema, writer: JsonSchema): number {
  if (!isTypeCovered(reader.type, writer.type)) return 0;
  const one = propertiesOf(reader);
  const other = propertiesOf(writer);
  const tags = Object.keys(other).filter((name) => "const" in asSchema(other[name]));
  const same = tags.filter((name) =>
    isDeepStrictEqual(asSchema(one[name]).const, asSchema(other[name]).const),
  );
  const shared = Object.keys(other).filter((name) => name in one);
  return 1 + same.length * 1000 + shared.length;
}

function refusalsOfOne(reader: JsonSchema, writer: JsonSchema, field: string): readonly Refusal[] {
  if (isDeepStrictEqual(withoutAnnotations(reader), withoutAnnotations(writer))) return [];
  if (!isTypeCovered(reader.type, writer.type))
    return [{ reason: "type", field, writer: inWords(writer.type), reader: inWords(reader.type) }];
  const pair = { reader, writer, field };
  return [
    ...constantRefusals(pair),
    ...boundRefusals(pair),
    ...textRefusals(pair),
    ...(writer.type === "array" ? arrayRefusals(pair) : []),
    ...(writer.type === "object" ? objectRefusals(pair) : []),
    ...untoldRefusals(pair),
  ];
}

interface Pair {
  readonly reader: JsonSchema;
  readonly writer: JsonSchema;
  readonly field: string;
}

function isTypeCovered(reader: unknown, writer: unknown): boolean {
  return reader === writer || (reader === "number" && writer === "integer");
}

function constantRefusals({ reader, writer, field }: Pair): readonly Refusal[] {
  if (!("const" in reader)) return [];
  if ("const" in writer && isDeepStrictEqual(reader.const, writer.const)) return [];
  const written = "const" in writer ? inWords(writer.const) : `any ${inWords(writer.type)}`;
  return [{ reason: "values", field, writer: written, reader: inWords(reader.const) }];
}

/** The reader's bound of each kind, which the writer's must keep to. -1: at least, 1: at most. */
const BOUNDS: readonly (readonly [keyword: string, sign: 1 | -1, unset: number])[] = [
  ["minimum", -1, Number.NEGATIVE_INFINITY],
  ["exclusiveMinimum", -1, Number.NEGATIVE_INFINITY],
  ["maximum", 1, Number.POSITIVE_INFINITY],
  ["exclusiveMaximum", 1, Number.POSITIVE_INFINITY],
  ["minLength", -1, 0],
  ["maxLength", 1, Number.POSITIVE_INFINITY],
  ["minItems", -1, 0],
  ["maxItems", 1, Number.POSITIVE_INFINITY],
  ["minProperties", -1, 0],
  ["maxProperties", 1, Number.POSITIVE_INFINITY],
];

function boundRefusals({ reader, writer, field }: Pair): readonly Refusal[] {
  const refusals: Refusal[] = [];
  for (const [keyword, sign, unset] of BOUNDS) {
    const wanted = reader[keyword];
    if (typeof wanted !== "number") continue;
    const given = boundOf(writer, keyword, unset);
    if (sign * given <= sign * wanted) continue;
    refusals.push({ reason: "bound", field, writer: told(writer, keyword), reader: `${keyword} ${wanted}` });
  }
  const step = reader.multipleOf;
  const steps = writer.multipleOf ?? (writer.type === "integer" ? 1 : undefined);
  if (typeof step === "number" && "const" in writer) {
    if (Number(writer.const) % step === 0) return refusals;
  } else if (typeof step !== "number" || (typeof steps === "number" && Number.isInteger(steps / step)))
    return refusals;
  refusals.push({ reason: "bound", field, writer: told(writer, "multipleOf"), reader: `multipleOf ${step}` });
  return refusals;
}

/** What the writer keeps to: its own bound, or the length or size of its only value. */
function boundOf(writer: JsonSchema, keyword: string, unset: number): number {
  if ("const" in writer) return sizeOf(writer.const, keyword);
  const own = writer[keyword];
  if (typeof own === "number") return own;
  // Stricter than the inclusive bound of the same number.
  const exclusive = { minimum: "exclusiveMinimum", maximum: "exclusiveMaximum" }[keyword];
  const strict = exclusive === undefined ? undefined : writer[exclusive];
  if (typeof strict === "number") return strict;
  const inclusive = { exclusiveMinimum: "minimum", exclusiveMaximum: "maximum" }[keyword];
  const loose = inclusive === undefined ? undefined : writer[inclusive];
  if (typeof loose === "number") return sizeOf(loose, keyword);
  return keyword === "maxItems" ? mostItems(writer, unset) : unset;
}

function mostItems({ items, additionalItems }: JsonSchema, unset: number): number {
  return Array.isArray(items) && additionalItems === false ? items.length : unset;
}

function sizeOf(value: unknown, keyword: string): number {
  if (typeof value === "number") {
    // An exclusive bound admits the value only where it is not the bound itself.
    if (keyword === "exclusiveMinimum") return value - Number.EPSILON * Math.max(1, Math.abs(value));
    return keyword === "exclusiveMaximum" ? value + Number.EPSILON * Math.max(1, Math.abs(value)) : value;
  }
  if (typeof value === "string") return [...value].length;
  if (Array.isArray(value)) return value.length;
  return typeof value === "object" && value !== null ? Object.keys(value).length : 0;
}

function textRefusals({ reader, writer, field }: Pair): readonly Refusal[] {
  return ["pattern", "format"].flatMap((keyword): readonly Refusal[] => {
    const wanted = reader[keyword];
    if (wanted === undefined || wanted === writer[keyword]) return [];
    const isMet =
      keyword === "pattern" && typeof writer.const === "string" && matches(String(wanted), writer.const);
    if (isMet) return [];
    return [{ reason: "pattern", field, writer: told(writer, keyword), reader: `${keyword} ${wanted}` }];
  });
}

function arrayRefusals({ reader, writer, field }: Pair): readonly Refusal[] {
  const refusals: Refusal[] = [];
  if (reader.uniqueItems === true && writer.uniqueItems !== true)
    refusals.push({ reason: "bound", field, writer: "items may repeat", reader: "uniqueItems" });
  const places = Math.max(tupleOf(reader).length, tupleOf(writer).length);
  for (let place = 0; place < places; place++) {
    const written = itemAt(writer, place);
    if (written === false) break;
    const wanted = itemAt(reader, place);
    const at = `${field}[].${place}`;
    if (wanted === false) refusals.push({ reason: "closed", field: at, writer: "an item", reader: "none" });
    else refusals.push(...refusalsOf(asSchema(wanted), asSchema(written), at));
  }
  const written = itemAt(writer, places);
  const wanted = itemAt(reader, places);
  if (written === false) return refusals;
  if (wanted !== false)
    return [...refusals, ...refusalsOf(asSchema(wanted), asSchema(written), `${field}[]`)];
  return [...refusals, { reason: "closed", field: `${field}[]`, writer: "more items", reader: "none" }];
}

function tupleOf({ items }: JsonSchema): readonly unknown[] {
  return Array.isArray(items) ? items : [];
}

/** The schema of the item at a place; false: there is none. */
function itemAt({ items, additionalItems }: JsonSchema, place: number): unknown {
  if (!Array.isArray(items)) return items ?? {};
  return place < items.length ? items[place] : (additionalItems ?? {});
}

function objectRefusals(pair: Pair): readonly Refusal[] {
  return [...requiredRefusals(pair), ...fieldRefusals(pair), ...mapRefusals(pair)];
}

function requiredRefusals({ reader, writer, field }: Pair): readonly Refusal[] {
  const given = new Set(namesIn(writer.required));
  const known = propertiesOf(writer);
  return namesIn(reader.required)
    .filter((name) => !given.has(name))
    .map((name) => ({
      reason: "required",
      field: inside(field, name),
      writer: name in known ? "optional" : "absent",
      reader: "required",
    }));
}

function fieldRefusals({ reader, writer, field }: Pair): readonly Refusal[] {
  return Object.entries(propertiesOf(writer)).flatMap(([name, written]) => {
    const at = inside(field, name);
    return schemasFor(reader, name).flatMap((wanted): readonly Refusal[] =>
      wanted === false
        ? [{ reason: "closed", field: at, writer: "a field", reader: "no such field" }]
        : refusalsOf(asSchema(wanted), asSchema(written), at),
    );
  });
}

/** What the reader wants of a field of that name; false where there must be none. */
function schemasFor(reader: JsonSchema, name: string): readonly unknown[] {
  const own = propertiesOf(reader)[name];
  const patterns = Object.entries(patternsOf(reader)).filter(([pattern]) => matches(pattern, name));
  const said = [...(own === undefined ? [] : [own]), ...patterns.map(([, schema]) => schema)];
  return said.length > 0 ? said : [reader.additionalProperties ?? {}];
}

/** Objects whose fields have names of their own choice: their values, whatever the names. */
function mapRefusals({ reader, writer, field }: Pair): readonly Refusal[] {
  const more = writer.additionalProperties;
  const maps: [string, unknown][] = [
    ...Object.entries(patternsOf(writer)),
    ...(more === undefined || more === false ? [] : [["", more] as [string, unknown]]),
  ];
  const known = propertiesOf(writer);
  // Any of the reader's named fields may be among them.
  const named = Object.entries(propertiesOf(reader)).filter(([name]) => !(name in known));
  const patterns = patternsOf(reader);
  return maps.flatMap(([pattern, written]) => {
    const rest = pattern in patterns ? [] : [reader.additionalProperties ?? {}];
    const wanted = [...named.map(([, schema]) => schema), ...Object.values(patterns), ...rest];
    return wanted.flatMap((each): readonly Refusal[] =>
      each === false
        ? [{ reason: "closed", field: `${field}{}`, writer: "any field", reader: "none" }]
        : refusalsOf(asSchema(each), asSchema(written), `${field}{}`),
    );
  });
}

const JUDGED: ReadonlySet<string> = new Set([
  ...ANNOTATIONS,
  ...BOUNDS.map(([keyword]) => keyword),
  ..."type const multipleOf pattern format items additionalItems uniqueItems".split(" "),
  ..."required properties patternProperties additionalProperties".split(" "),
]);

/** What the reader says in words that are not judged here must be said by the writer, too. */
function untoldRefusals({ reader, writer, field }: Pair): readonly Refusal[] {
  return Object.keys(reader)
    .filter((keyword) => !JUDGED.has(keyword) && !isDeepStrictEqual(reader[keyword], writer[keyword]))
    .map((keyword) => ({ reason: "untold", field, writer: told(writer, keyword), reader: keyword }));
}

function withoutAnnotations(schema: JsonSchema): object {
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => !ANNOTATIONS.has(keyword)));
}

/** A pattern that can't be read matches nothing. */
function matches(pattern: string, text: string): boolean {
  try {
    return new RegExp(pattern, "u").test(text);
  } catch {
    return false;
  }
}

function propertiesOf(schema: JsonSchema): Readonly<Record<string, unknown>> {
  return (schema.properties ?? {}) as Readonly<Record<string, unknown>>;
}

function patternsOf(schema: JsonSchema): Readonly<Record<string, unknown>> {
  return (schema.patternProperties ?? {}) as Readonly<Record<string, unknown>>;
}

function namesIn(list: unknown): readonly string[] {
  return Array.isArray(list) ? list.map(String) : [];
}

function asSchema(value: unknown): JsonSchema {
  return typeof value === "object" && value !== null ? (value as JsonSchema) : {};
}

function inside(field: string, name: string): string {
  return field === "" ? name : `${field}.${name}`;
}

function told(schema: JsonSchema, keyword: string): string {
  if (schema[keyword] !== undefined) return `${keyword} ${inWords(schema[keyword])}`;
  return "const" in schema ? inWords(schema.const) : `no ${keyword}`;
}

function kindsOf(alternatives: readonly JsonSchema[]): string {
  return [...new Set(alternatives.map(({ type }) => inWords(type)))].join(" or ");
}

function valuesOf(alternatives: readonly JsonSchema[]): string {
  return alternatives.map((each) => inWords(each.const)).join(", ");
}

function inWords(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "anything");
}

function unique(refusals: readonly Refusal[]): readonly Refusal[] {
  return [...new Map(refusals.map((each) => [JSON.stringify(each), each])).values()];
}
