import type { FileReport } from "./run-test-file.ts";

/** One line for a file that ended, and what it printed where something is wrong. */
export function fileLine(report: FileReport): string {
  const failed = report.failures.length;
  const counts = [
    `${report.passed} passed`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(report.skips.length > 0 ? [`${report.skips.length} skipped`] : []),
  ];
  const mark = failed > 0 ? "FAIL" : "ok  ";
  return `${mark} ${report.file}  (${counts.join(", ")}, ${seconds(report.durationMs)})`;
}

/** Everything that a reader has to know, the count last. */
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

function indented(text: string): string {
  return text.replace(/^/gm, "  ");
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}
