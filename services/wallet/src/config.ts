import { Type } from "typebox";

/** Wallet takes no settings of its own. */
export const WalletConfig = Type.Object({});
