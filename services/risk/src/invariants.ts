import { partitionOf } from "@bourse/bus";
import { riskEvents } from "@bourse/contracts";
import { cutPartitions, replayTopic } from "@bourse/delivery";
import type { Invariant, InvariantReport } from "@bourse/host";
import { sql } from "@bourse/store";
import { LIMIT_FIELDS } from "./domain/limits.ts";
import { readOpenOrders } from "./exposure-loading.ts";
import type { Risk } from "./risk.ts";
import { readLimits } from "./sql/risk-rows.ts";

/** What must hold of risk on a quiet platform. */
export const riskInvariants: readonly Invariant<Risk>[] = [
  {
    name: "limits-are-valid",
    rule: "each stored limit is of a known kind and not negative",
    check: limitsAreSane,
  },
  {
    name: "exposures-equal-orders",
    rule: "for each account with a limit on open orders, risk counts exactly the open orders",
    check: exposuresEqualOrders,
  },
  {
    name: "kill-switches-equal-events",
    rule: "the stopped accounts, stored and in memory, are exactly those with a KillSwitchSet and no release after it",
    check: killSwitchesEqualEvents,
  },
  {
    name: "releases-have-two-operators",
    rule: "each approved release was requested and approved by two different operators",
    check: releasesHaveTwoPeople,
  },
  {
    name: "pending-releases-have-a-stop",
    rule: "every release that waits for approval is about a stop that is not over",
    check: pendingReleasesHaveAStop,
  },
];

/** On a quiet platform nothing is reserved and nothing is late, so that both count the same. */
async function exposuresEqualOrders(risk: Risk): Promise<InvariantReport> {
  const accountIds = risk.exposures.accounts().filter((each) => risk.exposures.of(each) !== undefined);
  const violations: string[] = [];
  for (let start = 0; start < accountIds.length; start += PAGE) {
    const some = accountIds.slice(start, start + PAGE);
    const { orders } = await readOpenOrders(risk, some);
    const byAccount = Map.groupBy(orders, ({ accountId }) => accountId);
    for (const accountId of some) {
      const theirs = byAccount.get(accountId) ?? [];
      const exposure = risk.exposures.of(accountId);
      const counted = exposure?.openOrders ?? 0;
      if (counted !== theirs.length)
        violations.push(`${accountId} has ${theirs.length} open orders, risk counts ${counted}`);
      for (const { orderId } of theirs)
        if (exposure?.has(orderId) !== true) violations.push(`risk does not count order ${orderId}`);
    }
  }
  // Accounts without such a limit are not watched.
  return { checked: accountIds.length + 1, violations: violations.slice(0, 20) };
}

const PAGE = 1_000;

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
  // The configuration's limits count as one, so that the check never looks at nothing.
  return { checked: settings.length + 1, violations: violations.slice(0, 20) };
}

/** Longer than memory may be behind the table. */
const REFRESHED_MS = 2_000;

async function killSwitchesEqualEvents(risk: Risk): Promise<InvariantReport> {
  /** The last event of each account: whether it was stopped, and when. */
  const told = new Map<string, { readonly isStopped: boolean; readonly timeMs: number }>();
  const cut = await cutPartitions(risk.bus, riskEvents);
  let checked = 0;
  for (let partition = 0; partition < riskEvents.partitions; partition++)
    for await (const batch of replayTopic(risk.bus, riskEvents, partition))
      for (const { event, timeMs } of batch) {
        checked++;
        told.set(event.accountId, { isStopped: event.eventType === "KillSwitchSet", timeMs });
      }
  const rows = await risk.store.query(sql`SELECT account_id FROM kill_switches ORDER BY account_id`);
  const stopped = new Set(rows.map((row) => String(row.account_id)));
  const violations: string[] = [];
  for (const accountId of new Set([...told.keys(), ...stopped, ...risk.stopped])) {
    checked++;
    // A stop may be older than what retention has left of its partition.
    const mayBeDropped = !told.has(accountId) && cut[partitionOf(accountId, riskEvents.partitions)] === true;
    const { isStopped = false, timeMs = 0 } = told.get(accountId) ?? {};
    if (isStopped !== stopped.has(accountId) && !mayBeDropped)
      violations.push(
        `the events say ${accountId} is ${isStopped ? "" : "not "}stopped, the table says otherwise`,
      );
    // What another instance was told is read within a second.
    const mayBeUnread = timeMs > risk.clock.nowMs() - REFRESHED_MS;
    if (stopped.has(accountId) !== risk.stopped.has(accountId) && !mayBeUnread)
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

async function pendingReleasesHaveAStop(risk: Risk): Promise<InvariantReport> {
  const rows = await risk.store.query(sql`
    SELECT r.id, r.account_id, k.request_id IS NOT NULL AS stopped FROM release_requests r
    LEFT JOIN kill_switches k ON k.account_id = r.account_id AND k.request_id = r.switch_request_id
    WHERE r.status = 'PENDING' ORDER BY r.id`);
  return {
    checked: rows.length,
    violations: rows
      .filter(({ stopped }) => stopped !== true)
      .slice(0, 20)
      .map((row) => `release ${row.id} of ${row.account_id} waits for approval, and its stop is over`),
  };
}
