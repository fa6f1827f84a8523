import { GatewayClient, patienceOf, verifyPlatform, verifyReport, waitUntilQuiet } from "@bourse/cli";
import { type Attempts, attemptsOf, isOpenQuestion } from "../journal/attempts.ts";
import type { PlacedTerms } from "../journal/entries.ts";
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
  /** Of the client order ids that are counted; all are compared. */
  readonly prefix: string;
}): Promise<Settlement> {
  const client = new GatewayClient(options);
  const view = new PlatformView(client);
  const quiet = (): Promise<unknown> => waitUntilQuiet(client, patienceOf(QUIET_LIMIT_MS));
  try {
    await quiet();
    const attempts = attemptsOf(readJournal(options.journalPath));
    const revived = await decideAll(view, [...attempts.values()].filter(isOpenQuestion));
    await quiet();
    const cancelledAndOpen = (await view.openOrders()).filter(
      ({ clientOrderId = "" }) => attempts.get(clientOrderId)?.cancelled === true,
    );
    const stillOpen = cancelledAndOpen.map(
      ({ clientOrderId, status }) => `${clientOrderId}: its cancel was taken and it is ${status}`,
    );
    await view.cancelAll();
    await quiet();
    await untilOrphansAreGivenUp(view);
    const rules = verifyReport(await verifyPlatform(client, { patience: patienceOf(QUIET_LIMIT_MS) }));
    await options.audit.readOn(client);
    const { trades, equalDuplicates } = options.audit;
    const reconciliation = reconcile(attempts, { orders: await view.orders(), trades }, (id) =>
      id.startsWith(options.prefix),
    );
    const money = moneyFaults({ deposits: DEPOSITS, trades, balances: await view.balances() });
    return {
      reconciliation,
      rules: rules.checks,
      trades: trades.length,
      equalDuplicates,
      violations: [
        ...rules.violations.map((each) => `verify: ${each}`),
        ...revived.map((each) => `journal: ${each}`),
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

/** A hold without an order is no work that waits: it is given up after `acceptWindowMs` (R10, 5 s). */
const ORPHANS_LIMIT_MS = 30_000;
const POLL_MS = 500;

/** Nothing is open, so nothing may be held. What still is at the end is found by whoever compares the balances. */
async function untilOrphansAreGivenUp(view: PlatformView): Promise<void> {
  const deadline = performance.now() + ORPHANS_LIMIT_MS;
  for (;;) {
    const balances = await view.balances();
    if (balances.every(({ held }) => held === "0") || performance.now() > deadline) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

const QUESTIONS_AT_ONCE = 16;
/** So many of what was given up are sent once more. */
const TRIED_AGAIN = 20;

/** Answers with what was made although it had been given up. */
async function decideAll(view: PlatformView, questions: readonly Attempts[]): Promise<readonly string[]> {
  const givenUp: PlacedTerms[] = [];
  const waiting = questions.values();
  const worker = async (): Promise<void> => {
    // The iterator is shared: each takes the next one that nobody has.
    for (const { terms } of waiting) if ((await view.decide(terms)) === "given up") givenUp.push(terms);
  };
  await Promise.all(Array.from({ length: QUESTIONS_AT_ONCE }, worker));
  const answers = await Promise.all(givenUp.slice(0, TRIED_AGAIN).map((terms) => view.tryAgain(terms)));
  return answers.filter((answer) => answer !== null);
}
