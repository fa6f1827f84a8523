import { GatewayClient, patienceOf, verifyPlatform, verifyReport, waitUntilQuiet } from "@bourse/cli";
import { attemptsOf, isOpenQuestion } from "../journal/attempts.ts";
import { readJournal } from "../journal/journal.ts";
import { moneyFaults } from "../journal/money.ts";
import { type Reconciliation, reconcile } from "../journal/reconcile.ts";
import { DEPOSITS } from "../load/venue.ts";
import { PlatformView } from "./platform-view.ts";
import type { TopicAudit } from "./topic-audit.ts";

/** What was found once the platform was at rest. */
export interface Settlement {
  readonly reconciliation: Reconciliation;
  /** How many rules of services were checked. */
  readonly rules: number;
  readonly trades: number;
  readonly equalDuplicates: number;
  /** Everything that is wrong, whoever found it. */
  readonly violations: readonly string[];
}

/** A pending clean-up of orphans takes its window; the rest is lag. */
const QUIET_LIMIT_MS = 120_000;

/**
 * Brings the platform to rest and compares: every question of the journal is put by client order id, open orders are
 * cancelled, then the services check their own rules, and a stranger's reading of journal, orders, log and balances is
 * compared with itself.
 */
export async function settleRound(options: {
  readonly url: string;
  readonly key: string;
  readonly journalPath: string;
  readonly audit: TopicAudit;
}): Promise<Settlement> {
  const client = new GatewayClient(options);
  const view = new PlatformView(client);
  const quiet = (): Promise<unknown> => waitUntilQuiet(client, patienceOf(QUIET_LIMIT_MS));
  try {
    await quiet();
    const attempts = attemptsOf(readJournal(options.journalPath));
    for (const attempt of attempts.values()) if (isOpenQuestion(attempt)) await view.decide(attempt.terms);
    await quiet();
    const stillOpen = (await view.openOrders())
      .filter(({ clientOrderId = "" }) => attempts.get(clientOrderId)?.cancelled === true)
      .map(({ clientOrderId, status }) => `${clientOrderId}: its cancel was taken and it is ${status}`);
    await view.cancelAll();
    const rules = verifyReport(await verifyPlatform(client, { patience: patienceOf(QUIET_LIMIT_MS) }));
    await options.audit.readOn(client);
    const { trades, equalDuplicates } = options.audit;
    const reconciliation = reconcile(attempts, { orders: await view.orders(), trades });
    const money = moneyFaults({ deposits: DEPOSITS, trades, balances: await view.balances() });
    return {
      reconciliation,
      rules: rules.checks,
      trades: trades.length,
      equalDuplicates,
      violations: [
        ...rules.violations.map((each) => `verify: ${each}`),
        ...stillOpen.map((each) => `journal: ${each}`),
        ...reconciliation.violations.map((each) => `journal: ${each}`),
        ...options.audit.violations.map((each) => `log: ${each}`),
        ...money.map((each) => `money: ${each}`),
      ],
    };
  } finally {
    await client.close();
  }
}
