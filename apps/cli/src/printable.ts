/**
 * What a terminal would obey instead of showing it: control characters, and those that turn the direction of what follows.
 * Texts come from whoever may place an order or write into a topic.
 */
const COMMANDING = /(?![\n\t])[\p{Cc}\p{Bidi_Control}]/gu;

/** The text with such characters written as in JSON; line feeds and tabs stay. */
export function printable(text: string): string {
  return text.replace(COMMANDING, escaped);
}

/** The same for a value that has no right to a line or a column of its own. */
export function printableInLine(text: string): string {
  return printable(text).replace(/[\n\t]/g, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
