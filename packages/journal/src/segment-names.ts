import { readdirSync } from "node:fs";
import { join } from "node:path";
import { JournalError } from "./journal-error.ts";

const NAME = /^(\d{10})\.journal$/;

export interface SegmentName {
  readonly segment: number;
  readonly path: string;
}

export function segmentPath(folder: string, segment: number): string {
  return join(folder, `${String(segment).padStart(10, "0")}.journal`);
}

/** Ascending. Throws `journal_segment_missing` where one between two others is not there. */
export function segmentsOf(folder: string): readonly SegmentName[] {
  const segments = readdirSync(folder)
    .map((name) => NAME.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((left, right) => left - right);
  segments.forEach((segment, index) => {
    const due = (segments[0] ?? 0) + index;
    if (segment === due) return;
    const path = segmentPath(folder, due);
    throw new JournalError("journal_segment_missing", `${path} is missing: later segments are there`, {
      path,
    });
  });
  return segments.map((segment) => ({ segment, path: segmentPath(folder, segment) }));
}
