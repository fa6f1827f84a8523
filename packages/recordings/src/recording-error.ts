/** A recording that does not follow its format: names the file's row, the field, what was given and what is allowed. */
export class RecordingError extends Error {
  override readonly name = "RecordingError";
  readonly row: number;

  constructor(row: number, message: string) {
    super(`row ${row}: ${message}`);
    this.row = row;
  }
}

export function wholeNumber(text: string | undefined, row: number, field: string): number {
  const value = text === undefined || text === "" ? Number.NaN : Number(text);
  if (!Number.isSafeInteger(value)) {
    throw new RecordingError(row, `${field} is ${JSON.stringify(text ?? "")}; allowed is a whole number`);
  }
  return value;
}
