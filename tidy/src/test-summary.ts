import type { Failure, FileReport } from "./run-test-file.ts";

/** Of a report in short: its first lines, and its last ones, where a program that failed says why. */
const FIRST_LINES = 6;
const LAST_LINES = 4;
const LINE_LENGTH = 200;
/** So many failures in short: the first ones mostly explain the others. */
const IN_SHORT = 15;

/** A file that ended: one line, and where something is wrong, what. */
export function fileLine(report: FileReport): string {
  const failed = report.failures.length;
  const counts = [
    `${report.passed} passed`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(report.skips.length > 0 ? [`${report.skips.length} skipped`] : []),
  ];
  const mark = failed > 0 ? "FAIL" : "ok  ";
  const line = `${mark} ${report.file}  (${counts.join(", ")}, ${seconds(report.durationMs)})`;
  return [line, ...shortened(report.failures)].join("\n");
}

/**
 * Everything that a reader has to know, the count last. What failed stands there twice: a reader who sees only
 * the end of the output finds it in short before the count.
 */
export function summary(reports: readonly FileReport[], isContinuousIntegration: boolean): string {
  const failing = reports.filter((report) => report.failures.length > 0);
  const skipping = reports.filter((report) => report.skips.length > 0);
  const skips = skipping.flatMap((report) =>
    report.skips.map((skip) => `  ${report.file}: ${skip.name} (${skip.reason})`),
  );
  const loudly = isContinuousIntegration ? "SKIPPED, which fails the run here:" : "Skipped:";
  return [
    ...(failing.length > 0 ? ["", "Failed:", ...failing.map(failuresOf)] : []),
    ...(skips.length > 0 ? ["", loudly, ...skips] : []),
    ...(failing.length > 0
      ? ["", "In short:", ...shortened(failing.flatMap(({ failures }) => failures))]
      : []),
    "",
    countLine(reports),
  ].join("\n");
}

/** `N passed, N failed, N skipped`: the line that readers of the output look for. */
export function countLine(reports: readonly FileReport[]): string {
  const total = (count: (report: FileReport) => number): number =>
    reports.reduce((sum, report) => sum + count(report), 0);
  const passed = total((report) => report.passed);
  const failed = total((report) => report.failures.length);
  const skipped = total((report) => report.skips.length);
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** Green means that something ran, nothing failed, and in continuous integration that nothing was left out. */
export function isGreen(reports: readonly FileReport[], isContinuousIntegration: boolean): boolean {
  const ran = reports.some((report) => report.passed > 0);
  const failed = reports.some((report) => report.failures.length > 0);
  const skipped = reports.some((report) => report.skips.length > 0);
  return ran && !failed && !(skipped && isContinuousIntegration);
}

function failuresOf(report: FileReport): string {
  const failures = report.failures.map(
    (failure) => `\n✖ ${failure.name}\n  at ${failure.place}\n${indented(failure.report)}`,
  );
  const printed =
    report.output.trim() === ""
      ? []
      : [`\n  what ${report.file} printed:\n${indented(report.output.trim())}`];
  return [...failures, ...printed].join("\n");
}

function shortened(failures: readonly Failure[]): readonly string[] {
  const more = failures.length - IN_SHORT;
  return [...failures.slice(0, IN_SHORT).map(inShort), ...(more > 0 ? [`and ${more} more failed`] : [])];
}

function inShort({ name, place, report }: Failure): string {
  const lines = report
    .split("\n")
    // Where it is in the code says the place already.
    .filter((line) => line.trim() !== "" && !/^ +at /.test(line))
    .map((line) => (line.length > LINE_LENGTH ? `${line.slice(0, LINE_LENGTH)}...` : line));
  const left = lines.length - FIRST_LINES - LAST_LINES;
  const shown =
    left <= 0
      ? lines
      : [...lines.slice(0, FIRST_LINES), `... ${left} lines more ...`, ...lines.slice(-LAST_LINES)];
  return [`✖ ${name}`, `  at ${place}`, ...shown.map(indented)].join("\n");
}

function indented(text: string): string {
  return text.replace(/^/gm, "  ");
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}
