import { Counter, type Registry } from "prom-client";

export interface WalletMetrics {
  readonly trades: Counter;
  readonly holds: Counter<"outcome">;
  readonly shortfalls: Counter;
}

export function walletMetrics(registry: Registry): WalletMetrics {
  const registers = [registry];
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
    shortfalls: new Counter({
      name: "wallet_shortfalls_total",
      help: "Settlements that found too little; any increase is an alarm",
      registers,
    }),
  };
}
