import { assert, OperationalError, present } from "@bourse/base";
import type {
  HoldBatch,
  HoldBatchAnswer,
  HoldOutcome,
  HoldRaise,
  HoldRequest,
  RiskCheckAnswer,
  RiskCheckItem,
  RiskOutcome,
} from "@bourse/contracts";
import { PeerError } from "@bourse/host";
import type { CompiledInstrument, SpecialTerms } from "@bourse/market";
import type { Desk } from "./desk.ts";
import type { Order } from "./domain/order.ts";
import type { Step } from "./domain/plan-round.ts";
import { fieldRefusal, type Refusal } from "./domain/refusal.ts";
import type { Verdict, Verdicts } from "./domain/settle-round.ts";
import { maySleep } from "./domain/special-terms.ts";

/** A step that must ask risk, wallet or both before it goes on. */
interface Asking {
  readonly index: number;
  readonly step: Extract<Step, { kind: "place" | "amend" }>;
  readonly instrument: CompiledInstrument;
}

/**
 * Asks risk, then wallet, each once for the whole round. Where risk does not answer nothing is held; where wallet
 * does not, it may be: `outcome_unknown` (R10). Steps that ask nobody have no verdict.
 */
export async function check(desk: Desk, steps: readonly Step[]): Promise<Verdicts> {
  const verdicts = new Array<Verdict | undefined>(steps.length);
  const asking: Asking[] = [];
  for (let index = 0; index < steps.length; index++) {
    const step = steps[index] as Step;
    if (step.kind !== "place" && step.kind !== "amend") continue;
    if (step.kind === "amend" && !step.plan.needsRiskCheck && !step.plan.raises) continue;
    if (desk.venue.isBlocked(step.order.accountId))
      verdicts[index] = { kind: "refused", refusal: killSwitch(step.order) };
    else asking.push({ index, step, instrument: instrumentOf(desk, step.order.terms.symbol) });
  }
  await askRisk(desk, asking, verdicts);
  await askWallet(desk, asking, verdicts);
  return verdicts;
}

async function askRisk(
  desk: Desk,
  asking: readonly Asking[],
  verdicts: (Verdict | undefined)[],
): Promise<void> {
  const asked = asking.filter(({ step }) => step.kind === "place" || step.plan.needsRiskCheck);
  if (asked.length === 0) return;
  let outcomes: readonly RiskOutcome[];
  try {
    const answer = await desk.peers.call<RiskCheckAnswer>("risk", {
      method: "POST",
      path: "/internal/risk/check",
      body: { orders: asked.map(riskItem) },
    });
    outcomes = answer.outcomes;
  } catch (error) {
    if (!(error instanceof PeerError) || error.code === "peer_refused") throw error;
    const refusal: Refusal = {
      code: "peer_unavailable",
      detail: "risk does not answer; nothing was held or kept",
    };
    for (const { index } of asked) verdicts[index] = { kind: "refused", refusal };
    return;
  }
  assert(outcomes.length === asked.length, "risk answers each order it is asked about");
  asked.forEach(({ index, instrument }, nth) => {
    const outcome = present(outcomes[nth], "the outcome of a risk check");
    verdicts[index] =
      outcome.status === "approved"
        ? { kind: "go", boundTicks: instrument.decodePrice(outcome.worstPrice) }
        : { kind: "refused", refusal: riskRefusal(outcome) };
  });
}

async function askWallet(
  desk: Desk,
  asking: readonly Asking[],
  verdicts: (Verdict | undefined)[],
): Promise<void> {
  const body: { holds: HoldRequest[]; raises: HoldRaise[] } = { holds: [], raises: [] };
  const holding: number[] = [];
  const raising: number[] = [];
  for (const { index, step, instrument } of asking) {
    const verdict = verdicts[index];
    if (verdict?.kind === "refused") continue;
    if (step.kind === "place") {
      body.holds.push(holdRequest(step.order, boundOf(verdict), instrument));
      holding.push(index);
    } else if (step.plan.raises) {
      body.raises.push(holdRaise(step, instrument));
      raising.push(index);
    }
  }
  if (holding.length + raising.length === 0) return;
  let answer: HoldBatchAnswer;
  try {
    answer = await desk.peers.call<HoldBatchAnswer>("wallet", {
      method: "POST",
      path: "/internal/holds",
      body: body satisfies HoldBatch,
    });
  } catch (error) {
    if (!(error instanceof PeerError) || error.code === "peer_refused") throw error;
    for (const index of [...holding, ...raising])
      verdicts[index] = { kind: "refused", refusal: walletSilent(error) };
    return;
  }
  noteHolds(body.holds, answer.holds, { indices: holding, verdicts });
  noteHolds(body.raises, answer.raises, { indices: raising, verdicts });
}

function noteHolds(
  asked: readonly (HoldRequest | HoldRaise)[],
  outcomes: readonly HoldOutcome[],
  { indices, verdicts }: { readonly indices: readonly number[]; readonly verdicts: (Verdict | undefined)[] },
): void {
  assert(outcomes.length === asked.length, "wallet answers each hold it is asked for");
  asked.forEach(({ accountId }, nth) => {
    const index = present(indices[nth], "the step of a hold");
    const outcome = present(outcomes[nth], "the outcome of a hold");
    if (outcome.status === "refused")
      verdicts[index] = { kind: "refused", refusal: holdRefusal(outcome, accountId) };
    // A raise that risk was not asked about.
    else verdicts[index] ??= { kind: "go", boundTicks: 0 };
  });
}

/** An instrument that has orders. Another instance may have listed it a moment ago: then it is tried again. */
export function instrumentOf(desk: Pick<Desk, "venue">, symbol: string): CompiledInstrument {
  const instrument = desk.venue.instrument(symbol);
  if (instrument !== undefined) return instrument;
  throw new OperationalError("reference_pending", `the instrument ${symbol} is not known here yet`, {
    retryable: true,
  });
}

function boundOf(verdict: Verdict | undefined): number {
  assert(verdict?.kind === "go", "a placement is funded only once risk has approved it");
  return verdict.boundTicks;
}

function riskItem({ step, instrument }: Asking): RiskCheckItem {
  const { orderId, accountId, terms } = step.order;
  const quantityLots = step.kind === "amend" ? step.plan.newQuantityLots : terms.quantityLots;
  const priceTicks = step.kind === "amend" ? step.plan.newBoundTicks : terms.priceTicks;
  const item: RiskCheckItem = {
    orderId,
    accountId,
    symbol: terms.symbol,
    side: terms.side,
    orderType: terms.orderType,
    quantity: instrument.formatQuantity(quantityLots),
  };
  if (priceTicks !== null && terms.priceTicks !== null) item.price = instrument.formatPrice(priceTicks);
  return terms.special === null || !maySleep(step.order) ? item : { ...item, ...startOf(terms.special) };
}

/** From where a stop's worst price is measured, until the market has come there. */
function startOf({
  stopPrice,
  trailingOffset,
}: SpecialTerms): Pick<RiskCheckItem, "stopPrice" | "trailingOffset"> {
  return {
    ...(stopPrice === undefined ? {} : { stopPrice }),
    ...(trailingOffset === undefined ? {} : { trailingOffset }),
  };
}

function holdRequest(order: Order, boundTicks: number, instrument: CompiledInstrument): HoldRequest {
  const { orderId, accountId, terms } = order;
  return {
    orderId,
    accountId,
    symbol: terms.symbol,
    side: terms.side,
    quantity: instrument.formatQuantity(terms.quantityLots),
    worstPrice: instrument.formatPrice(boundTicks),
    makerFeePpm: terms.makerFeePpm,
    takerFeePpm: terms.takerFeePpm,
  };
}

function holdRaise(step: Extract<Step, { kind: "amend" }>, instrument: CompiledInstrument): HoldRaise {
  const { orderId, accountId, terms, cancelledLots } = step.order;
  return {
    requestId: step.job.requestId,
    orderId,
    accountId,
    symbol: terms.symbol,
    newQuantity: instrument.formatQuantity(step.plan.newQuantityLots - cancelledLots),
    newWorstPrice: instrument.formatPrice(step.plan.newBoundTicks),
  };
}

function riskRefusal(outcome: Extract<RiskOutcome, { status: "refused" }>): Refusal {
  const { code, field, given, allowed } = outcome;
  return {
    code,
    detail: `risk refuses: ${field}: given ${given}, allowed ${allowed}`,
    errors: [{ field, given, allowed }],
  };
}

function holdRefusal(outcome: Extract<HoldOutcome, { status: "refused" }>, accountId: string): Refusal {
  const { code, required, available, asset } = outcome;
  switch (code) {
    case "hold_differs":
      // An earlier try of this key has held something else: once that is given up, the key is answered for good.
      return {
        code: "outcome_unknown",
        detail: "an earlier try with this key has not been cleared away yet",
      };
    case "insufficient_funds": {
      const extensions = {
        ...(required === undefined ? {} : { required }),
        ...(available === undefined ? {} : { available }),
        ...(asset === undefined ? {} : { asset }),
      };
      return {
        code,
        detail: `the order may cost ${required ?? "more"} ${asset ?? ""}, available is ${available ?? "less"}`,
        extensions,
      };
    }
    case "unknown_account":
      return fieldRefusal(code, {
        field: "accountId",
        given: accountId,
        allowed: "the id of an account that was opened",
      });
    case "account_blocked":
      return { code, detail: "the account is blocked" };
    case "hold_closed":
      return { code, detail: "the order was given up before its funds were held" };
  }
}

function killSwitch(order: Order): Refusal {
  return { code: "kill_switch_engaged", detail: `the kill switch of account ${order.accountId} is engaged` };
}

function walletSilent(error: PeerError): Refusal {
  return error.code === "peer_unavailable"
    ? { code: "peer_unavailable", detail: "wallet does not answer; nothing was held or kept" }
    : {
        code: "outcome_unknown",
        detail: "wallet's answer was lost; only the same key can still make the order",
      };
}
