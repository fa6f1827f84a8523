import type { JsonSchema } from "@bourse/contracts";
import { refusalsOf } from "./refusals.ts";
import { type Direction, FIELD_RULES, type Rule } from "./rules.ts";

/** One difference between two versions of a schema that a reader may stumble over. */
export interface SchemaFinding {
  readonly rule: Rule;
  /** Empty: the value as a whole. */
  readonly field: string;
  /** What each version says there. */
  readonly older: string;
  readonly newer: string;
}

/** What breaks between two versions of a schema; empty: they are fully compatible. */
export function compareSchemas(older: JsonSchema, newer: JsonSchema): readonly SchemaFinding[] {
  return [...findings("backward", older, newer), ...findings("forward", older, newer)];
}

function findings(direction: Direction, older: JsonSchema, newer: JsonSchema): readonly SchemaFinding[] {
  const isBackward = direction === "backward";
  const refusals = isBackward ? refusalsOf(newer, older) : refusalsOf(older, newer);
  return refusals.map(({ reason, field, writer, reader }) => ({
    rule: FIELD_RULES[reason][direction],
    field,
    older: isBackward ? writer : reader,
    newer: isBackward ? reader : writer,
  }));
}
