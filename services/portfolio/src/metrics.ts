import { Counter, type Registry } from "prom-client";

export interface PortfolioMetrics {
  readonly trades: Counter;
  readonly positions: Counter;
}

export function portfolioMetrics(registry: Registry): PortfolioMetrics {
  const registers = [registry];
  return {
    trades: new Counter({ name: "portfolio_trades_total", help: "Trades added to positions", registers }),
    positions: new Counter({
      name: "portfolio_positions_written_total",
      help: "Positions written: one a batch however many of its trades changed it",
      registers,
    }),
  };
}
