import { oneOf } from "@bourse/contracts";
import { COST_METHODS } from "@bourse/positions";
import { Type } from "typebox";

export const PortfolioConfig = Type.Object({
  POSITION_COST_METHOD: Type.Union(oneOf(COST_METHODS).anyOf, {
    default: "AVERAGE",
    description: "How a closing trade finds its cost. Fixed once there are positions",
  }),
});
