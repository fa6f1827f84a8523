import { createHash } from "node:crypto";
import type { Engine } from "@bourse/engine";
import type { ProgramState } from "./program-snapshot.ts";

/** In names, not in the engine's numbers for them: programs that gave them out otherwise hash alike (R8). */
export function hashProgram(
  tables: Pick<ProgramState, "symbols" | "accounts" | "sessions" | "positions" | "orders">,
  engine: Pick<Engine, "stateHash">,
): string {
  const names = {
    symbol: (index: number) => tables.symbols.at(index).symbol,
    account: (index: number) => tables.accounts.name(index),
    order: (handle: number) => tables.orders.byHandle(handle)?.orderId ?? "",
    session: (session: number) => tables.sessions.name(session - 1),
  };
  const hash = createHash("sha256").update(engine.stateHash(names));
  const orders = [...tables.orders.all()].sort((left, right) => (left.orderId < right.orderId ? -1 : 1));
  for (const {
    orderId,
    quantityLots,
    filledLots,
    cancelledLots,
    makerTickLots,
    takerTickLots,
    feeUnits,
    transferredTickLots,
    triggered,
  } of orders) {
    hash.update(
      `${orderId} ${quantityLots} ${filledLots} ${cancelledLots} ${makerTickLots} ${takerTickLots} ${feeUnits}\n`,
    );
    if (transferredTickLots !== 0 || triggered) hash.update(`${transferredTickLots} ${triggered}\n`);
  }
  for (const line of tables.positions.lines(names.account, names.symbol)) hash.update(`${line}\n`);
  for (const { symbol, bookSequence } of tables.symbols.all()) hash.update(`${symbol} ${bookSequence}\n`);
  return hash.digest("hex").slice(0, 32);
}
