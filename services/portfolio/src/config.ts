import { oneOf } from "@bourse/contracts";
import { COST_METHODS } from "@bourse/positions";
import { Type } from "typebox";

export const PortfolioConfig = Type.Object({
  POSITION_COST_METHOD: Type.Union(oneOf(COST_METHODS).anyOf, {
    default: "AVERAGE",
    description: "How the cost of a closing trade is found. Can't be changed once there are positions",
  }),
});
