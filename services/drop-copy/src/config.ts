import { AssetCode } from "@bourse/contracts";
import { Type } from "typebox";

export const DropCopyConfig = Type.Object({
  DROP_COPY_CASH_ASSET: Type.Unsafe<string>({
    ...AssetCode,
    default: "USD",
    description:
      "The asset whose balances the cash_balance feed reports. Can't be changed once there are clients",
  }),
});
