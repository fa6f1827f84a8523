import { AssetCode } from "@bourse/contracts";
import { Type } from "typebox";

export const DropCopyConfig = Type.Object({
  DROP_COPY_CASH_ASSET: Type.Unsafe<string>({
    ...AssetCode,
    default: "USD",
    description: "The asset whose movements are the feed cash_balance. Fixed once there are clients",
  }),
});
