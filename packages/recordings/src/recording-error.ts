/**
 * A recording that does not follow its format: names the place in the file, the field, what was given and what is
 * allowed. Lines count from 1 with the header; rows, of files that have none, from 0; a fault of the file has no place.
 */
export class RecordingError extends Error {
  override readonly name = "RecordingError";
  readonly row: number;

  constructor(row: number, message: string, place: "line" | "row" | "file" = "row") {
    super(place === "file" ? message : `${place} ${row}: ${message}`);
    this.row = row;
  }
}

export function wholeNumber(
  text: string | undefined,
  row: number,
  field: string,
  place: "line" | "row" = "row",
): number {
  const value = text === undefined || text === "" ? Number.NaN : Number(text);
  if (!Number.isSafeInteger(value)) {
    throw new RecordingError(
      row,
      `${field} is ${JSON.stringify(text ?? "")}; allowed is a whole number`,
      place,
    );
  }
  return value;
}
