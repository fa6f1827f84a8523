import { Command } from "commander";
import { EXIT } from "../exit-codes.ts";
import { wholeNumber, withExamples } from "../help.ts";
import { grouped } from "../output.ts";
import { patienceOf } from "../patience.ts";
import { type TargetOptions, withClient, withTarget } from "../target.ts";
import { type RuleReport, verifyReport } from "../verify/check-invariants.ts";
import { verifyWithProgress } from "../verify/verify-with-progress.ts";
import { seeThatItAnswers } from "../verify/wait-until-quiet.ts";

interface VerifyOptions extends TargetOptions {
  readonly patience: number;
}

export function verifyCommand(): Command {
  const command = withTarget(new Command("verify"))
    .description(
      "Wait until everything is settled, then have every service check its rules on its own tables",
    )
    .option(
      "--patience <seconds>",
      "how long to wait for the platform to become quiet",
      wholeNumber(1, 86_400),
      120,
    )
    .action(verify);
  return withExamples(command, [
    ["verify", "each rule with how much was checked"],
    ["verify --json", "{ok, checks, violations, unchecked, moving}"],
  ]);
}

async function verify(options: VerifyOptions): Promise<void> {
  await withClient(options, async (client, output) => {
    await seeThatItAnswers(client);
    const patience = patienceOf(options.patience * 1_000, (why) => output.note(`verify: waiting: ${why}`));
    const rules = await verifyWithProgress(client, patience, output);
    const report = verifyReport(rules);
    output.table(["service", "rule", "checked", "violations"], rules.map(row));
    for (const violation of report.violations) output.line(`  ${violation}`);
    output.line(report.ok ? `All ${report.checks} rules hold.` : `${report.violations.length} violations.`);
    if (report.moving.length > 0) {
      output.line(
        `Records were written during every look at ${report.moving.join(", ")}: what was found there may have been on`,
      );
      output.line(
        "its way. A market with participants never rests; `bourse up --no-demo` starts one without.",
      );
    }
    if (report.unchecked > 0)
      output.line(
        `${grouped(report.unchecked)} records were not judged: another instance has what they made, or they are there twice, too far apart.`,
      );
    output.result(report);
    if (!report.ok) process.exitCode = EXIT.failed;
  });
}

function row({ service, rule, checked, violationCount }: RuleReport): readonly string[] {
  return [service, rule, grouped(checked), grouped(violationCount)];
}
