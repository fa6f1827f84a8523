import { createHash } from "node:crypto";
import { StepCount, type Steps } from "@bourse/base";
import type { Engine } from "@bourse/engine";
import type { OrderRecord } from "./order-records.ts";
import type { ProgramState } from "./program-snapshot.ts";
import { sortSteps } from "./sort-steps.ts";

/** Records that are hashed in one step. */
const RECORDS_IN_A_STEP = 2_000;

/**
 * Over names, not over the engine's numbers for them: programs that assigned these in another order have the same hash (R8).
 * In steps; it is the hash of a state only if nothing is applied in between.
 */
export function* hashProgram(
  tables: Pick<ProgramState, "symbols" | "accounts" | "sessions" | "positions" | "orders">,
  engine: Pick<Engine, "stateHashSteps">,
): Steps<string> {
  const names = {
    symbol: (index: number) => tables.symbols.at(index).symbol,
    account: (index: number) => tables.accounts.name(index),
    order: (handle: number) => tables.orders.byHandle(handle)?.orderId ?? "",
    session: (session: number) => tables.sessions.name(session - 1),
  };
  const hash = createHash("sha256").update(yield* engine.stateHashSteps(names));
  const byId = (left: OrderRecord, right: OrderRecord): number => (left.orderId < right.orderId ? -1 : 1);
  const count = new StepCount(RECORDS_IN_A_STEP);
  for (const order of yield* sortSteps(tables.orders.all(), byId)) {
    if (count.isFull()) yield;
    hash.update(linesOf(order));
  }
  for (const line of tables.positions.lines(names.account, names.symbol)) hash.update(`${line}\n`);
  for (const { symbol, bookSequence } of tables.symbols.all()) hash.update(`${symbol} ${bookSequence}\n`);
  return hash.digest("hex").slice(0, 32);
}

function linesOf(order: OrderRecord): string {
  const { orderId, quantityLots, filledLots, cancelledLots, makerTickLots, takerTickLots, feeUnits } = order;
  const { transferredTickLots, triggered } = order;
  const line = `${orderId} ${quantityLots} ${filledLots} ${cancelledLots} ${makerTickLots} ${takerTickLots} ${feeUnits}\n`;
  return transferredTickLots !== 0 || triggered ? `${line}${transferredTickLots} ${triggered}\n` : line;
}
