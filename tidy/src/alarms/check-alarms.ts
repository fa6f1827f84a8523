import type { Alarm } from "@bourse/platform/testing";
import type { Violation } from "../repository.ts";

const SEVERITIES: ReadonlySet<string> = new Set(["page", "ticket", "info"]);

export interface AlarmSources {
  readonly rulesPath: string;
  readonly alarms: readonly Alarm[];
  /** The operators' handbook. */
  readonly path: string;
  readonly text: string;
}

/**
 * Each alert has its section, which begins with its severity, and its row in the table that leads there; each section
 * and each row of an alert has its alert.
 */
export function checkAlarms({ rulesPath, alarms, path, text }: AlarmSources): readonly Violation[] {
  const sections = sectionsOf(text);
  const rows = rowsOf(text);
  const known = new Set(alarms.map(({ alert }) => alert));
  return [
    ...alarms.flatMap((alarm) => alarmFaults(alarm, path).map((rule) => ({ path: rulesPath, rule }))),
    ...alarms.flatMap((alarm) => sectionFaults(alarm, sections).map((rule) => ({ path, rule }))),
    ...alarms.flatMap((alarm) => rowFaults(alarm, rows).map((rule) => ({ path, rule }))),
    ...[...sections.keys()]
      .filter((name) => !known.has(name))
      .map((name) => ({ path, rule: `${name} has a section and no rule` })),
    ...[...rows.keys()]
      .filter((name) => !known.has(name))
      .map((name) => ({ path, rule: `${name} has a row and no rule` })),
    ...repeated(alarms).map((name) => ({ path: rulesPath, rule: `${name} is there twice` })),
  ];
}

function alarmFaults({ alert, labels, annotations }: Alarm, document: string): readonly string[] {
  const runbook = `${document}#${alert.toLowerCase()}`;
  return [
    ...(/^Bourse[A-Z]\w+$/.test(alert) ? [] : [`${alert} is no name such as BourseNotReady`]),
    ...(SEVERITIES.has(labels?.severity ?? "") ? [] : [`${alert} is neither page nor ticket nor info`]),
    ...((annotations?.summary ?? "") === "" ? [`${alert} has no summary`] : []),
    ...(annotations?.runbook === runbook ? [] : [`${alert}'s runbook is not ${runbook}`]),
  ];
}

function sectionFaults({ alert, labels }: Alarm, sections: ReadonlyMap<string, string>): readonly string[] {
  const section = sections.get(alert);
  if (section === undefined) return [`${alert} has no section`];
  const severity = labels?.severity ?? "";
  return [
    ...(section.startsWith(`**${severity}.** `) ? [] : [`${alert} does not begin with **${severity}.**`]),
    ...(/^Do: /m.test(section) ? [] : [`${alert} does not say what to do ("Do: ...")`]),
  ];
}

function rowFaults({ alert, labels }: Alarm, rows: ReadonlyMap<string, string>): readonly string[] {
  const severity = rows.get(alert);
  if (severity === undefined) return [`${alert} has no row that leads to its section`];
  return severity === labels?.severity ? [] : [`${alert}'s row does not say ${labels?.severity}`];
}

/** By heading of the third level that names an alert. */
function sectionsOf(text: string): ReadonlyMap<string, string> {
  const parts = text.split(/^### (Bourse\w+)\n+/m);
  return new Map(
    parts.flatMap((name, index) => (index % 2 === 1 ? [[name, parts[index + 1] ?? ""] as const] : [])),
  );
}

/** The severity that the table of alarms says, by the alert whose section the row leads to. */
function rowsOf(text: string): ReadonlyMap<string, string> {
  const rows = text.matchAll(/^\| \[(Bourse\w+)\]\(#(\w+)\) \| (\w+) \|/gm);
  return new Map(
    [...rows].flatMap(([, name = "", anchor, severity = ""]) =>
      anchor === name.toLowerCase() ? [[name, severity] as const] : [],
    ),
  );
}

function repeated(alarms: readonly Alarm[]): readonly string[] {
  const names = alarms.map(({ alert }) => alert);
  return names.filter((name, index) => names.indexOf(name) !== index);
}
