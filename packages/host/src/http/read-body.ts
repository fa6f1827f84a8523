import { isUtf8 } from "node:buffer";
import { shortened } from "./shortened.ts";

/** Deeper than any contract; far from the depth at which recursive code overflows the stack. */
export const MAX_DEPTH = 64;

export type BodyFault = { readonly field: string; readonly given: string; readonly allowed: string };
export type ReadBody = { readonly value: unknown } | { readonly fault: BodyFault };

/**
 * Parses a body and refuses what is not valid UTF-8 or JSON, NUL characters and halves of surrogate pairs (PostgreSQL's
 * text can't hold them) and the key `__proto__`. Of duplicate keys the last one counts, for validation and for everything
 * after it alike.
 */
export function readBody(bytes: Buffer): ReadBody {
  if (!isUtf8(bytes)) return fault("body", "bytes that are not UTF-8", "JSON in UTF-8");
  const text = bytes.toString("utf8");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return fault("body", shortened(text), `JSON (${(error as Error).message.slice(0, 100)})`);
  }
  if (MAY_BE_FORBIDDEN.test(text)) {
    const found = findForbidden(value);
    if (found !== null) return { fault: found };
  }
  return { value };
}

/** Escapes below U+0100 and of surrogates, which UTF-8 itself can't write, or the word itself: else nothing is looked for. */
const MAY_BE_FORBIDDEN = /\\u(00|d[89a-f])|__proto__/i;

/** Whether a parsed value nests deeper than `limit`. Iterative: 8,000 levels are what it is for. */
export function nestsDeeperThan(value: unknown, limit: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limit) return true;
    const next: unknown[] = [];
    for (const item of level) {
      if (typeof item !== "object" || item === null) continue;
      for (const inner of Object.values(item))
        if (typeof inner === "object" && inner !== null) next.push(inner);
    }
    level = next;
  }
  return false;
}

export function hasNul(text: string): boolean {
  return text.includes("\u0000");
}

function findForbidden(root: unknown): BodyFault | null {
  if (typeof root === "string") return textFault("", root);
  const stack = [{ field: "", value: root }];
  for (let place = stack.pop(); place !== undefined; place = stack.pop()) {
    const { field, value } = place;
    if (typeof value !== "object" || value === null) continue;
    const isList = Array.isArray(value);
    for (const key of Object.keys(value)) {
      const found = isList ? null : keyFault(field, key);
      if (found !== null) return found;
      const inner = (value as Record<string, unknown>)[key];
      if (typeof inner === "string" && !isStorable(inner))
        return textFault(inside(field, key, isList), inner);
      if (typeof inner === "object") stack.push({ field: inside(field, key, isList), value: inner });
    }
  }
  return null;
}

function keyFault(field: string, key: string): BodyFault | null {
  if (key === "__proto__")
    return { field: "__proto__", given: "a key named __proto__", allowed: "no such field" };
  return textFault(field, key);
}

/** The path of a field could be as long as the body, at each of its levels. */
const MAX_FIELD_LENGTH = 200;

function inside(field: string, key: string, isList: boolean): string {
  if (field.length === MAX_FIELD_LENGTH) return field;
  const path = isList ? `${field}[${key}]` : field === "" ? key : `${field}.${key}`;
  return path.slice(0, MAX_FIELD_LENGTH);
}

function isStorable(text: string): boolean {
  return !hasNul(text) && text.isWellFormed();
}

function textFault(field: string, text: string): BodyFault | null {
  if (isStorable(text)) return null;
  const allowed = hasNul(text)
    ? "text without NUL characters (U+0000)"
    : "text without halves of surrogate pairs";
  return { field: field || "body", given: shortened(text), allowed };
}

function fault(field: string, given: string, allowed: string): { readonly fault: BodyFault } {
  return { fault: { field, given, allowed } };
}
