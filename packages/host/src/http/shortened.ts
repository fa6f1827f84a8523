const MAX_LENGTH = 100;
const MAX_DEPTH = 3;

/** A value as a caller would recognise it, in at most 100 characters, whatever its size or depth. */
export function shortened(value: unknown): string {
  return shortenedText(write(value, MAX_DEPTH));
}

export function shortenedText(text: string): string {
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH - 1)}…`;
}

function write(value: unknown, depth: number): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, MAX_LENGTH));
  if (typeof value !== "object" || value === null) return value === undefined ? "nothing" : String(value);
  const isList = Array.isArray(value);
  if (depth === 0) return isList ? "[…]" : "{…}";
  // Every item writes at least two characters, so that a hundred of them are always enough.
  const parts: string[] = [];
  let length = 0;
  for (const key in value) {
    const inner = write((value as Record<string, unknown>)[key], depth - 1);
    const part = isList ? inner : `${JSON.stringify(key.slice(0, MAX_LENGTH))}:${inner}`;
    parts.push(part);
    length += part.length + 1;
    if (length > MAX_LENGTH) break;
  }
  return isList ? `[${parts.join(",")}]` : `{${parts.join(",")}}`;
}
