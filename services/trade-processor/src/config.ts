import { oneOf, simulatedTrades, tradeEvents } from "@bourse/contracts";
import { COST_METHODS } from "@bourse/positions";
import { Type } from "typebox";

/** What generated streams trade, with room for more decimals than they use. */
export const USUAL_INSTRUMENTS =
  "BTC-USD:2:6,ETH-USD:2:6,XRP-ETH:8:2,SOL-USD:4:4,AAPL:4:4,AMZN:4:4,MSFT:4:4,TSLA:4:4";

export const TradeProcessorConfig = Type.Object({
  TRADE_PROCESSOR_TOPIC: Type.Union(oneOf([tradeEvents.name, simulatedTrades.name]).anyOf, {
    default: tradeEvents.name,
    description:
      "Which trades it processes as a service of a platform (BOURSE_WITH): the platform's own, or generated ones. Can't be changed once there are trades",
  }),
  TRADE_COST_METHOD: Type.Union(oneOf(COST_METHODS).anyOf, {
    default: "AVERAGE",
    description: "How the cost of a closing trade is found. Can't be changed once there are positions",
  }),
  TRADE_INSTRUMENTS: Type.String({
    default: USUAL_INSTRUMENTS,
    description: "The known symbols of the trade stream, each as symbol:price decimals:quantity decimals",
  }),
  TRADE_MAX_AHEAD_MS: Type.Integer({
    default: 5_000,
    minimum: 0,
    maximum: 3_600_000,
    description: "How far a trade's time may lie ahead of this machine's clock",
  }),
});
