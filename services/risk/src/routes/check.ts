import { formatDecimal } from "@bourse/base";
import { RiskCheckAnswer, RiskCheckBatch, type RiskCheckItem, type RiskOutcome } from "@bourse/contracts";
import { problem, type Route } from "@bourse/host";
import { type CompiledInstrument, parseTrail } from "@bourse/market";
import { checkOrder, unitsAtMost } from "../domain/check-order.ts";
import { type Limits, limitsOpen } from "../domain/limits.ts";
import type { OpenAsk } from "../domain/open-exposure.ts";
import { fullBucket, takeToken } from "../domain/token-bucket.ts";
import { loadExposures, unloaded } from "../exposure-loading.ts";
import { instrumentOf, type Risk, referenceTicksOf, whyClosed } from "../risk.ts";

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
      const batch = request.body as RiskCheckBatch;
      const missing = unloaded(risk, batch);
      if (missing.length === 0) return { status: 200, body: checkBatch(risk, batch) };
      return loadExposures(risk, missing).then(() => ({ status: 200, body: checkBatch(risk, batch) }));
    },
  },
];

/** In memory, in request order: two orders of one account see each other's tokens. */
export function checkBatch(risk: Risk, batch: RiskCheckBatch): RiskCheckAnswer {
  const nowMs = risk.clock.nowMs();
  const instruments = batch.orders.map((item) => instrumentOf(risk, item.symbol));
  const outcomes: RiskOutcome[] = [];
  let approved = 0;
  for (let index = 0; index < batch.orders.length; index++) {
    const item = batch.orders[index] as RiskCheckItem;
    const outcome = check(risk, item, instruments[index] as CompiledInstrument, nowMs);
    if (outcome.status === "approved") approved += 1;
    else risk.metrics.checks.inc({ outcome: outcome.code });
    outcomes.push(outcome);
  }
  if (approved > 0) risk.metrics.checks.inc({ outcome: "approved" }, approved);
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
  const ofAccount = risk.limits.of(accountId);
  const limits = ofAccount.inSymbol(symbol);
  const { own } = ofAccount;
  if (!withinRate(risk, accountId, own, nowMs)) return rateExceeded(accountId, own);
  const priceTicks = item.price === undefined ? null : instrument.decodePrice(item.price);
  const quantityLots = instrument.decodeQuantity(item.quantity);
  const outcome = checkOrder(
    {
      side: item.side,
      orderType: item.orderType,
      quantityLots,
      priceTicks,
      stopTicks: item.stopPrice === undefined ? null : instrument.decodePrice(item.stopPrice),
      trail: item.trailingOffset === undefined ? null : parseTrail(item.trailingOffset, instrument),
    },
    instrument,
    limits,
    referenceTicksOf(risk, instrument),
  );
  if (outcome.kind === "refused") return { status: "refused", ...outcome.refusal };
  if (limitsOpen(own)) {
    const { orderId } = item;
    const { quoteAsset: asset, notionalUnits } = instrument;
    const ask = { orderId, asset, priceTicks: outcome.worstTicks, quantityLots, notionalUnits };
    const refusal = reserve(risk, { accountId, ask, instrument, limits: own, nowMs });
    if (refusal !== null) return refusal;
  }
  return { status: "approved", worstPrice: instrument.formatPrice(outcome.worstTicks) };
}

interface Reserving {
  readonly accountId: string;
  readonly ask: OpenAsk;
  readonly instrument: CompiledInstrument;
  readonly limits: Limits;
  readonly nowMs: number;
}

/** What is approved counts from now on, until its order is seen (R14). */
function reserve(risk: Risk, { accountId, ask, instrument, limits, nowMs }: Reserving): RiskOutcome | null {
  const exposure = risk.exposures.of(accountId);
  const { maxOpenOrders, maxOpenNotional } = limits;
  if (exposure === undefined)
    return {
      status: "refused",
      code: "not_ready",
      field: "accountId",
      given: accountId,
      allowed: "an account whose open orders could be read; try again",
    };
  const { quoteAsset, quoteScale } = instrument;
  const refusal = exposure.refusal(ask, {
    maxOpenOrders,
    maxOpenNotionalUnits: maxOpenNotional === null ? null : unitsAtMost(maxOpenNotional, quoteScale),
  });
  if (refusal === null) {
    risk.exposures.reserve(accountId, ask, nowMs);
    return null;
  }
  const { code, wouldBe } = refusal;
  return code === "open_orders_limit_exceeded"
    ? {
        status: "refused",
        code,
        field: "accountId",
        given: `${wouldBe} open orders with this one`,
        allowed: `at most ${maxOpenOrders}`,
      }
    : {
        status: "refused",
        code,
        field: "quantity",
        given: `${formatDecimal(wouldBe, quoteScale)} ${quoteAsset} open with this one`,
        allowed: `at most ${maxOpenNotional} ${quoteAsset}`,
      };
}

/** The rate is the account's, over all symbols. */
function withinRate(risk: Risk, accountId: string, own: Limits, nowMs: number): boolean {
  const { ordersPerSecond, orderBurst } = own;
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
