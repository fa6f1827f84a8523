import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type Alarm, metricsOf, readAlarms } from "@bourse/platform/testing";
import { describeViolations, ROOT } from "../repository.ts";
import { assertNone } from "../testing.ts";
import { checkAlarms } from "./check-alarms.ts";

const rulesPath = "deploy/prometheus/rules/bourse.rules.yml";
const path = "docs/operations.md";
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");

test("every alarm says what it means and what to do, and no section is left of one that is gone", () => {
  const alarms = readAlarms(read(rulesPath));
  assert.ok(alarms.length >= 25);
  assertNone(checkAlarms({ rulesPath, alarms, path, text: read(path) }));
});

describe("an alarm", () => {
  const alarm: Alarm = {
    alert: "BourseLate",
    expr: "late > 1",
    labels: { severity: "page" },
    annotations: { summary: "late", runbook: `${path}#bourselate` },
  };
  const row = "| [BourseLate](#bourselate) | page | it is late |\n\n";
  const section = `${row}### BourseLate\n\n**page.** It is late.\nDo: wait.\n`;
  const found = (alarms: readonly Alarm[], text: string): string =>
    describeViolations(checkAlarms({ rulesPath, alarms, path, text }));

  test("with its section passes", () => assert.equal(found([alarm], section), ""));

  for (const [what, change, says] of [
    ["an odd name", { alert: "Late" }, /Late is no name such as/],
    ["another severity", { labels: { severity: "urgent" } }, /neither page nor ticket/],
    ["a severity that the section has not", { labels: { severity: "info" } }, /begin with \*\*info\.\*\*/],
    ["no summary", { annotations: { runbook: `${path}#bourselate` } }, /no summary/],
    ["another runbook", { annotations: { summary: "x", runbook: "elsewhere" } }, /runbook is not/],
  ] as const) {
    test(`with ${what} is found`, () => assert.match(found([{ ...alarm, ...change }], section), says));
  }

  for (const [what, text, says] of [
    ["without a section", "# Operations\n", /BourseLate has no section/],
    ["that does not say what to do", "### BourseLate\n\n**page.** It is late.\n", /what to do/],
    ["without a row", section.replace(row, ""), /BourseLate has no row/],
    ["whose row leads elsewhere", section.replace("(#bourselate)", "(#late)"), /BourseLate has no row/],
    ["whose row says another severity", section.replace("| page |", "| info |"), /row does not say page/],
    [
      "beside a row of another",
      `| [BourseGone](#boursegone) | page | it |\n${section}`,
      /BourseGone has a row/,
    ],
    ["beside a section of another", `${section}### BourseGone\n\n**page.** x\nDo: x\n`, /BourseGone has a/],
  ] as const) {
    test(`${what} is found`, () => assert.match(found([alarm], text), says));
  }

  test("that is there twice is found", () => assert.match(found([alarm, alarm], section), /there twice/));
});

test("the metrics of an expression are found, and nothing else in it", () => {
  const expr =
    'sum by (service) (rate(a_total{code=~"x|y",route!="/b"}[5m])) / on (instance) c_bytes > 0.5 and time() - d < 9';
  assert.deepEqual(metricsOf({ alert: "x", expr }), ["a_total", "c_bytes", "d"]);
});
