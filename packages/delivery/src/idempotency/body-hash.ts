import { hash } from "node:crypto";

/**
 * The same for requests that say the same: SHA-256 of the JSON text with sorted keys and without white space. Numbers
 * and texts stay as they are: "10" and "10.0" are two requests.
 */
export function bodyHash(value: unknown): string {
  return hash("sha256", canonicalJson(value), "hex");
}

/** JSON by RFC 8785's order of keys (UTF-16 code units). Fields that are undefined are not there, as in JSON. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, sorted) ?? "null";
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  // Not by assignment: the key `__proto__` would set the prototype, and keys like "2" would go first anyway.
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
