import { grouped, type Output } from "../output.ts";
import type { VerifyReport } from "../verify/check-invariants.ts";
import type { Comparison } from "./compare.ts";
import type { Counts } from "./counts.ts";

/** What `bourse replay --json` prints. Counts of orders, holds, journals and settlements are the tables'. */
export interface ReplayReport {
  readonly commands: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly aggressorsExpected: number;
  readonly aggressorsEqual: number;
  readonly fillsExpected: number;
  readonly fillsEqual: number;
  readonly trades: number;
  readonly holdsOpened: number;
  readonly holdsOpen: number;
  readonly journals: number;
  /** From the first batch until everything was settled and the platform quiet. */
  readonly seconds: number;
  readonly commandsPerSecond: number;
  readonly stateHash: string;
  /** null with `--no-verify`. */
  readonly verify: VerifyReport | null;

  readonly run: string;
  readonly symbol: string;
  readonly bus: string;
  readonly settlements: number;
  readonly orders: number;
  readonly ordersOpen: number;
  readonly prints: number;
  readonly skipped: number;
  readonly unexpectedTrades: number;
  /** Until the last batch was answered; the rest of `seconds` is the platform's catching up. */
  readonly sendSeconds: number;
  readonly retries: number;
  readonly balancesHash: string;
  readonly tradesHash: string;
  readonly refusals: Readonly<Record<string, number>>;
  readonly differences: readonly string[];
}

/** Whether the run showed what it was to show. */
export function isGood(report: ReplayReport): boolean {
  return (
    report.rejected === 0 &&
    report.skipped === 0 &&
    report.aggressorsEqual === report.aggressorsExpected &&
    report.fillsEqual === report.fillsExpected &&
    report.unexpectedTrades === 0 &&
    report.verify?.ok !== false
  );
}

/** The report for people. `firstRefusals` are problems in words. */
export function printReport(
  output: Output,
  report: ReplayReport,
  more: { readonly counts: Counts; readonly firstRefusals: readonly string[] },
): void {
  const { counts } = more;
  output.facts([
    ["run", `${report.run}, as ${report.symbol}, ${report.bus} bus`],
    [
      "commands",
      `${grouped(report.commands)}: ${grouped(report.accepted)} accepted, ${grouped(report.rejected)} rejected`,
    ],
    ["time", `${report.seconds.toFixed(1)} s until settled (${report.sendSeconds.toFixed(1)} s sending)`],
    ["speed", `${grouped(Math.round(report.commandsPerSecond))} commands a second, settled`],
    ...(report.retries === 0 ? [] : [["sent again", `${report.retries} times`] as const]),
    [
      "aggressors",
      `${grouped(report.aggressorsEqual)} of ${grouped(report.aggressorsExpected)} filled as recorded`,
    ],
    ["maker fills", `${grouped(report.fillsEqual)} of ${grouped(report.fillsExpected)} as recorded`],
    ["hidden prints", grouped(report.prints)],
  ]);
  output.line();
  output.line("In the tables:");
  output.table(
    ["orders", "open", "amends", "cancels", "trades", "settlements", "holds", "open holds", "journals"],
    [
      [
        report.orders,
        report.ordersOpen,
        counts.order.amends,
        counts.order.cancels,
        report.trades,
        report.settlements,
        report.holdsOpened,
        report.holdsOpen,
        report.journals,
      ].map(grouped),
    ],
  );
  output.facts([
    ["state hash", report.stateHash],
    ["balances", report.balancesHash],
    ["trades", report.tradesHash],
  ]);
  for (const [title, lines] of [
    ["Refused:", more.firstRefusals],
    ["Not as recorded:", report.differences],
    ["Violations:", report.verify?.violations ?? []],
  ] as const) {
    if (lines.length === 0) continue;
    output.line(`\n${title}`);
    for (const line of lines) output.line(`  ${line}`);
  }
  output.line();
  output.line(verdict(report));
}

function verdict(report: ReplayReport): string {
  const verified =
    report.verify === null
      ? "not verified"
      : report.verify.ok
        ? `${report.verify.checks} rules hold`
        : "rules are broken";
  return `${isGood(report) ? "As recorded" : "NOT as recorded"}; ${verified}.`;
}

export function reportFills(
  comparison: Comparison,
): Pick<
  ReplayReport,
  | "aggressorsExpected"
  | "aggressorsEqual"
  | "fillsExpected"
  | "fillsEqual"
  | "unexpectedTrades"
  | "differences"
> {
  const { aggressorsExpected, aggressorsEqual, fillsExpected, fillsEqual, unexpectedTrades, differences } =
    comparison;
  return { aggressorsExpected, aggressorsEqual, fillsExpected, fillsEqual, unexpectedTrades, differences };
}
