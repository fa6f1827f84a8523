import { Count } from "@bourse/contracts";
import type { Route } from "@bourse/host";
import { sql } from "@bourse/store";
import { Type } from "typebox";
import type { Wallet } from "../wallet.ts";

export const WalletCounts = Type.Object({
  accounts: Count,
  holdsOpened: Count,
  holdsOpen: Count,
  journals: Count,
  settlements: Count,
});

/** Row counts of the tables: reports count what is stored, not what was sent. */
export const countRoutes: readonly Route<Wallet>[] = [
  {
    method: "GET",
    path: "/internal/wallet/counts",
    summary: "How many accounts, holds, journal entries and settlements there are",
    access: "internal",
    answers: { 200: WalletCounts },
    handle: async (wallet) => {
      const [row] = await wallet.store.scan(sql`
        SELECT (SELECT count(*) FROM accounts) AS accounts,
          (SELECT count(*) FROM holds WHERE account_id <> '') AS holds_opened,
          (SELECT count(*) FROM holds WHERE held > 0) AS holds_open,
          (SELECT count(*) FROM transfer_entries) + (SELECT count(*) FROM trade_entries) AS journals,
          (SELECT count(*) FROM trade_entries) AS settlements`);
      const count = (column: string): number => Number(row?.[column] ?? 0);
      return {
        status: 200,
        body: {
          accounts: count("accounts"),
          holdsOpened: count("holds_opened"),
          holdsOpen: count("holds_open"),
          journals: count("journals"),
          settlements: count("settlements"),
        },
      };
    },
  },
];
