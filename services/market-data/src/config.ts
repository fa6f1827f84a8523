import { Type } from "typebox";

/** Market-data takes no settings of its own. */
export const MarketDataConfig = Type.Object({});
