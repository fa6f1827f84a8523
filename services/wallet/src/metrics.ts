import { type Store, sql } from "@bourse/store";
import { Counter, Gauge, type Registry } from "prom-client";

export interface WalletMetrics {
  readonly trades: Counter;
  readonly holds: Counter<"outcome">;
  readonly shortfalls: Counter;
  readonly rowsMoved: Counter;
}

export function walletMetrics(registry: Registry, store: Store): WalletMetrics {
  const registers = [registry];
  new Gauge({
    name: "wallet_accounts_blocked",
    help: "Accounts that are blocked: by a shortfall (R11) or by an operator",
    registers,
    async collect() {
      this.set(await blockedAccounts(store).catch(() => Number.NaN));
    },
  });
  return {
    trades: new Counter({
      name: "wallet_trades_settled_total",
      help: "Trades settled in double entry",
      registers,
    }),
    holds: new Counter({
      name: "wallet_holds_total",
      help: "Holds asked for, by outcome",
      labelNames: ["outcome"],
      registers,
    }),
    rowsMoved: new Counter({
      name: "wallet_rows_moved_total",
      help: "Units of work tried again because another instance had written one of their rows",
      registers,
    }),
    shortfalls: new Counter({
      name: "wallet_shortfalls_total",
      help: "Settlements that found too little; any increase is an alarm",
      registers,
    }),
  };
}

async function blockedAccounts(store: Store): Promise<number> {
  const [row] = await store.query(sql`SELECT count(*) AS n FROM accounts WHERE status = 'BLOCKED'`);
  return Number(row?.n ?? 0);
}
