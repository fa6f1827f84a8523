import { partitionOf } from "@bourse/bus";
import { type OpenOrder, type OpenOrdersAnswer, orderUpdates, type RiskCheckBatch } from "@bourse/contracts";
import type { OrderUpdate } from "./domain/exposures.ts";
import { limitsOpen } from "./domain/limits.ts";
import { instrumentOf, type Risk, referenceTicksOf } from "./risk.ts";

const PAGE = 10_000;
/** Accounts that are loaded by one call. */
const ACCOUNTS = 1_000;

/** Accounts of the batch that have a limit on open orders and are not loaded yet. Usually none. */
export function unloaded(risk: Risk, batch: RiskCheckBatch): readonly string[] {
  const missing = batch.orders.filter(
    ({ accountId }) =>
      limitsOpen(risk.limits.of(accountId).own) && risk.exposures.of(accountId) === undefined,
  );
  return missing.length === 0 ? [] : [...new Set(missing.map(({ accountId }) => accountId))];
}

/**
 * R14: loads the accounts' open orders from order's tables, as of the heads of this moment. If order does not answer, they
 * stay unknown and none of their orders is approved; their next order tries again.
 */
export async function loadExposures(risk: Risk, accountIds: readonly string[]): Promise<void> {
  const missing = accountIds.filter((accountId) => !risk.loading.has(accountId));
  for (let start = 0; start < missing.length; start += ACCOUNTS) {
    const some = missing.slice(start, start + ACCOUNTS);
    const loading = loadSome(risk, some).finally(() => {
      for (const accountId of some) risk.loading.delete(accountId);
    });
    for (const accountId of some) risk.loading.set(accountId, loading);
  }
  await Promise.all(accountIds.map((accountId) => risk.loading.get(accountId)));
}

async function loadSome(risk: Risk, accountIds: readonly string[]): Promise<void> {
  for (const accountId of accountIds) risk.exposures.begin(accountId);
  try {
    const { heads, orders } = await readOpenOrders(risk, accountIds);
    const byAccount = new Map<string, OrderUpdate[]>(accountIds.map((accountId) => [accountId, []]));
    for (const order of orders) byAccount.get(order.accountId)?.push(updateOf(risk, order));
    for (const [accountId, updates] of byAccount)
      risk.exposures.loaded(accountId, heads[partitionOf(accountId, orderUpdates.partitions)] ?? 0, updates);
  } catch (error) {
    risk.log.warn({ err: error, accounts: accountIds.length }, "what is open could not be read");
    for (const accountId of accountIds) risk.exposures.drop(accountId);
  }
}

/** The heads are those before the first page: newer changes come again as updates. */
export async function readOpenOrders(
  risk: Pick<Risk, "peers">,
  accountIds: readonly string[],
): Promise<OpenOrdersAnswer> {
  const orders: OpenOrder[] = [];
  let heads: readonly number[] | null = null;
  for (;;) {
    const after = orders.at(-1)?.orderId;
    const page = await risk.peers.call<OpenOrdersAnswer>("order", {
      method: "POST",
      path: "/internal/orders/open",
      body: { accountIds, limit: PAGE, ...(after === undefined ? {} : { after }) },
    });
    heads ??= page.heads;
    orders.push(...page.orders);
    if (page.orders.length < PAGE) return { heads: [...heads], orders };
  }
}

function updateOf(risk: Risk, order: OpenOrder): OrderUpdate {
  const instrument = instrumentOf(risk, order.symbol);
  return {
    kind: "open",
    order: {
      orderId: order.orderId,
      asset: instrument.quoteAsset,
      priceTicks: instrument.decodePrice(order.worstPrice),
      quantityLots: instrument.decodeQuantity(order.quantity),
      leavesLots: instrument.decodeQuantity(order.leavesQuantity),
      notionalUnits: instrument.notionalUnits,
    },
    referenceTicks: referenceTicksOf(risk, instrument),
  };
}
