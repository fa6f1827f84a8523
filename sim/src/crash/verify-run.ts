import { definitions } from "@bourse/platform";
import type { Journal, JournalEntry } from "../flows/journal.ts";
import { isFinal } from "../flows/journal.ts";
import type { Trader } from "../flows/trader.ts";

/** Everything that `bourse verify` checks, and what a client can hold the venue to. */
export async function verifyRun(operator: Trader, journal: Journal): Promise<readonly string[]> {
  const violations: string[] = [];
  let rules = 0;
  for (const { name } of definitions) {
    const { status, body } = await operator.send("POST", `/api/v1/platform/invariants/${name}`);
    if (status !== 200) {
      violations.push(`${name}: its rules could not be checked: ${status}`);
      continue;
    }
    for (const report of body.invariants) {
      rules += 1;
      for (const violation of report.violations) violations.push(`${name}/${report.name}: ${violation}`);
    }
  }
  if (rules < 20) violations.push(`only ${rules} rules were checked`);
  for (const entry of journal) violations.push(...(await reconcile(operator, entry)));
  return violations;
}

/** One request of the journal against what the venue has. */
async function reconcile(operator: Trader, entry: JournalEntry): Promise<readonly string[]> {
  const { request, answers, final } = entry;
  const what = `${request.method} ${request.path}`;
  const wrong = answers.filter((status) => status === 500).map(() => `${what} was answered 500`);
  if (final === null) return [...wrong, `${what} was never answered`];
  const decided = new Set(answers.filter(isFinal).map((status) => (status < 300 ? "yes" : "no")));
  if (decided.size > 1) wrong.push(`${what} was answered ${answers.join(", ")}: yes and no`);
  if (request.method === "POST" && request.path === "/api/v1/orders")
    wrong.push(...(await reconcilePlacement(operator, request.body, final.status)));
  if (request.path === "/api/v1/orders/batch")
    wrong.push(...(await reconcileBatch(operator, request.body, final.body)));
  return wrong;
}

async function reconcileBatch(operator: Trader, body: unknown, answer: unknown): Promise<readonly string[]> {
  const { items } = body as { readonly items: readonly { readonly action: string }[] };
  const { results } = answer as { readonly results: readonly { readonly status: number }[] };
  const wrong: string[] = [];
  for (const [index, item] of items.entries()) {
    if (item.action !== "PLACE") continue;
    wrong.push(...(await reconcilePlacement(operator, item, results[index]?.status ?? 0)));
  }
  return wrong;
}

/** R10: every 201 is there; what was refused never trades. */
async function reconcilePlacement(
  operator: Trader,
  body: unknown,
  status: number,
): Promise<readonly string[]> {
  const { accountId, clientOrderId } = body as { readonly accountId: string; readonly clientOrderId: string };
  const { orders } = (await operator.get("/api/v1/orders", { accountId, clientOrderId })).body;
  const order = orders[0];
  // Of an item that could not be taken now nothing is claimed: the batch was sent again.
  if (!isFinal(status)) return [];
  if (status < 300) {
    if (order === undefined) return [`${clientOrderId} was answered ${status} and is not there`];
    return order.status === "REJECTED" ? [`${clientOrderId} was answered ${status} and is REJECTED`] : [];
  }
  if (order === undefined || (order.status === "REJECTED" && Number(order.filledQuantity) === 0)) return [];
  return [`${clientOrderId} was answered ${status} and is ${order.status}`];
}
