import { riskEvents } from "@bourse/contracts";
import { replayTopic } from "@bourse/delivery";
import type { Invariant, InvariantReport } from "@bourse/host";
import { sql } from "@bourse/store";
import { LIMIT_FIELDS } from "./domain/limits.ts";
import type { Risk } from "./risk.ts";
import { readLimits } from "./sql/risk-rows.ts";

/** What must hold of risk on a quiet platform. */
export const riskInvariants: readonly Invariant<Risk>[] = [
  {
    name: "limits-are-sane",
    rule: "every limit that is set is a known one and not negative",
    check: limitsAreSane,
  },
  {
    name: "kill-switches-equal-events",
    rule: "exactly the accounts of the last KillSwitchSet without release are stopped, here and in memory",
    check: killSwitchesEqualEvents,
  },
  {
    name: "releases-have-two-people",
    rule: "every approved release has a maker and another one as checker",
    check: releasesHaveTwoPeople,
  },
];

async function limitsAreSane(risk: Risk): Promise<InvariantReport> {
  const settings = await readLimits(risk.store);
  const violations: string[] = [];
  for (const { accountId, symbol, setting } of settings)
    for (const [field, value] of Object.entries(setting)) {
      const known = (LIMIT_FIELDS as readonly string[]).includes(field);
      if (known && (value === null || !String(value).startsWith("-"))) continue;
      violations.push(
        `${field} of ${accountId ?? "any account"} in ${symbol ?? "any symbol"} is ${String(value)}`,
      );
    }
  // The configuration's own set counts, too: something always was looked at.
  return { checked: settings.length + 1, violations: violations.slice(0, 20) };
}

async function killSwitchesEqualEvents(risk: Risk): Promise<InvariantReport> {
  const engaged = new Set<string>();
  let checked = 0;
  for (let partition = 0; partition < riskEvents.partitions; partition++)
    for await (const batch of replayTopic(risk.bus, riskEvents, partition))
      for (const { event } of batch) {
        checked++;
        if (event.eventType === "KillSwitchSet") engaged.add(event.accountId);
        else engaged.delete(event.accountId);
      }
  const rows = await risk.store.query(sql`SELECT account_id FROM kill_switches ORDER BY account_id`);
  const stopped = new Set(rows.map((row) => String(row.account_id)));
  const violations: string[] = [];
  for (const accountId of new Set([...engaged, ...stopped, ...risk.stopped])) {
    checked++;
    const told = engaged.has(accountId);
    if (told !== stopped.has(accountId))
      violations.push(
        `the events say ${accountId} is ${told ? "" : "not "}stopped, the table says otherwise`,
      );
    if (stopped.has(accountId) !== risk.stopped.has(accountId))
      violations.push(`the table and the memory differ about ${accountId}`);
  }
  return { checked, violations: violations.slice(0, 20) };
}

async function releasesHaveTwoPeople(risk: Risk): Promise<InvariantReport> {
  const rows = await risk.store.query(
    sql`SELECT id, maker, checker, status FROM release_requests ORDER BY id`,
  );
  const bad = rows.filter(
    (row) => row.status === "APPROVED" && (row.checker === null || row.checker === row.maker),
  );
  return {
    checked: rows.length,
    violations: bad
      .slice(0, 20)
      .map((row) => `release ${row.id} by ${row.maker} was approved by ${row.checker}`),
  };
}
