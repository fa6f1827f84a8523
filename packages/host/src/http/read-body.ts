import { isUtf8 } from "node:buffer";
import { shortened } from "./shortened.ts";

/** Deeper than any contract; far from the depth at which recursive code overflows the stack. */
export const MAX_DEPTH = 64;

export type BodyFault = { readonly field: string; readonly given: string; readonly allowed: string };
export type ReadBody = { readonly value: unknown } | { readonly fault: BodyFault };

/**
 * Parses a body and refuses what is not valid UTF-8 or JSON, NUL characters (PostgreSQL's text can't hold them) and
 * the key `__proto__`. Of duplicate keys the last one counts, for validation and for everything after it alike.
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
  // Both can only be there if the text has one of these: an escape below U+0100, or the word itself.
  if (text.includes("\\u00") || text.includes("__proto__")) {
    const found = findForbidden(value);
    if (found !== null) return { fault: found };
  }
  return { value };
}

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
  const stack: unknown[] = [root];
  while (stack.length > 0) {
    const item = stack.pop();
    if (typeof item === "string" && hasNul(item)) return nulFault(item);
    if (typeof item !== "object" || item === null) continue;
    for (const key of Object.keys(item)) {
      if (key === "__proto__")
        return { field: "__proto__", given: "a key named __proto__", allowed: "no such field" };
      if (hasNul(key)) return nulFault(key);
      stack.push((item as Record<string, unknown>)[key]);
    }
  }
  return null;
}

function nulFault(text: string): BodyFault {
  return { field: "body", given: shortened(text), allowed: "text without NUL characters (U+0000)" };
}

function fault(field: string, given: string, allowed: string): { readonly fault: BodyFault } {
  return { fault: { field, given, allowed } };
}
