import type { SqlValue, Statement } from "./port.ts";

/** Every place a template stands in the sources yields one text, so its statement is prepared once a connection. */
const texts = new WeakMap<TemplateStringsArray, string>();

/** A statement out of a template whose holes are values, never text: sql`SELECT state FROM orders WHERE id = ${id}`. */
export function sql(parts: TemplateStringsArray, ...values: readonly SqlValue[]): Statement {
  let text = texts.get(parts);
  if (text === undefined) {
    text = parts.reduce((joined, part, index) => `${joined}$${index}${part}`);
    texts.set(parts, text);
  }
  return { text, values };
}
