/** U+001E: JSON escapes control characters, so no item of a list of JSON texts contains it. */
export const SEPARATOR = "\u001e";

/** A list of texts as one SQL parameter, split by `string_to_array` on the other side. Items hold no U+001E. */
export function separated(items: readonly string[]): string {
  return items.join(SEPARATOR);
}

/** A list of whole numbers as an SQL array literal. */
export function numberArray(items: readonly (number | bigint)[]): string {
  return `{${items.join(",")}}`;
}
