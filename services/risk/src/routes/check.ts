import { OperationalError } from "@bourse/base";
import { RiskCheckAnswer, RiskCheckBatch, type RiskCheckItem, type RiskOutcome } from "@bourse/contracts";
import { problem, type Route } from "@bourse/host";
import type { CompiledInstrument } from "@bourse/market";
import { checkOrder } from "../domain/check-order.ts";
import type { Limits } from "../domain/limits.ts";
import { fullBucket, takeToken } from "../domain/token-bucket.ts";
import { type Risk, whyClosed } from "../risk.ts";

const FOUR_MEBIBYTES = 4 * 1024 * 1024;

export const checkRoutes: readonly Route<Risk>[] = [
  {
    method: "POST",
    path: "/internal/risk/check",
    summary: "Check a batch of orders; answers in request order",
    access: "internal",
    body: RiskCheckBatch,
    bodyLimit: FOUR_MEBIBYTES,
    answers: { 200: RiskCheckAnswer },
    problems: ["not_ready"],
    handle: (risk, request) => {
      const [why] = whyClosed(risk);
      if (why !== undefined) return problem("not_ready", why);
      return { status: 200, body: checkBatch(risk, request.body as RiskCheckBatch) };
    },
  },
];

/** In memory, in request order: two orders of one account see each other's tokens. */
export function checkBatch(risk: Risk, batch: RiskCheckBatch): RiskCheckAnswer {
  const nowMs = risk.clock.nowMs();
  const instruments = batch.orders.map((item) => instrumentOf(risk, item.symbol));
  const outcomes = batch.orders.map((item, index): RiskOutcome => {
    const outcome = check(risk, item, instruments[index] as CompiledInstrument, nowMs);
    risk.metrics.checks.inc({ outcome: outcome.status === "approved" ? "approved" : outcome.code });
    return outcome;
  });
  return { outcomes };
}

function check(risk: Risk, item: RiskCheckItem, instrument: CompiledInstrument, nowMs: number): RiskOutcome {
  const { accountId, symbol } = item;
  if (risk.stopped.has(accountId))
    return {
      status: "refused",
      code: "kill_switch_engaged",
      field: "accountId",
      given: accountId,
      allowed: "an account whose kill switch is not engaged",
    };
  const limits = risk.limits.effective({ accountId, symbol });
  if (!withinRate(risk, accountId, nowMs))
    return rateExceeded(accountId, risk.limits.effective({ accountId, symbol: null }));
  const priceTicks = item.price === undefined ? null : instrument.decodePrice(item.price);
  const lastPrice = risk.lastPrices.get(symbol);
  const outcome = checkOrder(
    {
      side: item.side,
      orderType: item.orderType,
      quantityLots: instrument.decodeQuantity(item.quantity),
      priceTicks,
    },
    instrument,
    limits,
    lastPrice === undefined ? instrument.referencePriceTicks : instrument.decodePrice(lastPrice),
  );
  if (outcome.kind === "refused") return { status: "refused", ...outcome.refusal };
  return { status: "approved", worstPrice: instrument.formatPrice(outcome.worstTicks) };
}

/** The rate is the account's, over all symbols. */
function withinRate(risk: Risk, accountId: string, nowMs: number): boolean {
  const { ordersPerSecond, orderBurst } = risk.limits.effective({ accountId, symbol: null });
  if (ordersPerSecond === null) return true;
  const burst = orderBurst ?? ordersPerSecond;
  let bucket = risk.buckets.get(accountId);
  if (bucket === undefined) {
    bucket = fullBucket(burst, nowMs);
    risk.buckets.set(accountId, bucket);
  }
  return takeToken(bucket, { perSecond: ordersPerSecond, burst }, nowMs);
}

function rateExceeded(accountId: string, limits: Limits): RiskOutcome {
  return {
    status: "refused",
    code: "order_rate_exceeded",
    field: "accountId",
    given: accountId,
    allowed: `${limits.ordersPerSecond} orders a second, ${limits.orderBurst ?? limits.ordersPerSecond} at once`,
  };
}

/** Order admits a symbol once it has read its listing; this view may be a moment behind. */
function instrumentOf(risk: Risk, symbol: string): CompiledInstrument {
  const instrument = risk.reference.instrument(symbol);
  if (instrument !== undefined) return instrument;
  throw new OperationalError("reference_pending", `the instrument ${symbol} is not known here yet`, {
    retryable: true,
  });
}
