import { decimalUnits } from "@bourse/base";
import type { EventOf, ExecutionReport, TradeExecuted } from "@bourse/contracts";
import type { CompiledInstrument } from "@bourse/market";
import type { OrderFacts } from "../domain/hold.ts";
import type { Trade, TradeParty } from "../domain/settlement.ts";

type Report = EventOf<typeof ExecutionReport>;
type Executed = EventOf<typeof TradeExecuted>;

/** The decimals of a report in the integers of its instrument. */
export function factsOfReport(report: Report, instrument: CompiledInstrument): OrderFacts {
  return {
    engineSequence: report.engineSequence,
    boundTicks: instrument.decodePrice(report.boundPrice),
    leavesLots: instrument.decodeQuantity(report.leavesQuantity),
    done: report.done,
    cumulativeLots: instrument.decodeQuantity(report.cumulativeQuantity),
    cumulativeNotionalUnits: decimalUnits(report.cumulativeNotional, instrument.quoteScale),
    cumulativeFeeUnits: decimalUnits(report.cumulativeFee, instrument.quoteScale),
  };
}

export function tradeOf(event: Executed, partition: number, instrument: CompiledInstrument): Trade {
  const quantityLots = instrument.decodeQuantity(event.quantity);
  return {
    tradeId: event.tradeId,
    partition,
    instrument,
    quantityLots,
    quantityUnits: instrument.quantityUnits(quantityLots),
    notionalUnits: decimalUnits(event.notional, instrument.quoteScale),
    buyer: partyOf(event.buyer, event.engineSequence, instrument),
    seller: partyOf(event.seller, event.engineSequence, instrument),
  };
}

function partyOf(
  side: Executed["buyer"],
  engineSequence: number,
  instrument: CompiledInstrument,
): TradeParty {
  return {
    orderId: side.orderId,
    accountId: side.accountId,
    feeUnits: decimalUnits(side.fee, instrument.quoteScale),
    facts: {
      engineSequence,
      boundTicks: instrument.decodePrice(side.boundPrice),
      leavesLots: instrument.decodeQuantity(side.leavesQuantity),
      done: side.done,
      cumulativeLots: instrument.decodeQuantity(side.cumulativeQuantity),
      cumulativeNotionalUnits: decimalUnits(side.cumulativeNotional, instrument.quoteScale),
      cumulativeFeeUnits: decimalUnits(side.cumulativeFee, instrument.quoteScale),
    },
  };
}
