import { assert } from "@bourse/base";
import { applyFill, type CostMethod, emptyPosition, type Fill, type Position } from "@bourse/positions";

/** A position with how many fills made it. */
export interface AccountPosition {
  readonly accountId: string;
  readonly symbol: string;
  readonly position: Position;
  readonly trades: number;
}

export interface AccountFill extends Fill {
  readonly accountId: string;
  readonly symbol: string;
  readonly tickLotUnits: bigint;
}

export interface PositionKey {
  readonly accountId: string;
  readonly symbol: string;
}

/** Each position that the fills change once, in the order of its lock: account, then symbol (R13). */
export function positionKeys(fills: readonly PositionKey[]): readonly PositionKey[] {
  const keys = new Map<string, PositionKey>();
  for (const { accountId, symbol } of fills) keys.set(nameOf({ accountId, symbol }), { accountId, symbol });
  return [...keys.values()].sort((a, b) => {
    if (a.accountId !== b.accountId) return a.accountId < b.accountId ? -1 : 1;
    return a.symbol < b.symbol ? -1 : 1;
  });
}

/**
 * The positions after the fills, in the order in which they came: one net result for each position that changed, in the
 * order of `positionKeys`. `known` may hold others; a position that is not in it begins empty.
 */
export function applyFills(
  known: readonly AccountPosition[],
  fills: readonly AccountFill[],
  method: CostMethod,
): readonly AccountPosition[] {
  const positions = new Map(known.map((each) => [nameOf(each), each]));
  for (const fill of fills) {
    const { accountId, symbol, tickLotUnits } = fill;
    const before = positions.get(nameOf(fill)) ?? {
      accountId,
      symbol,
      position: emptyPosition(method, tickLotUnits),
      trades: 0,
    };
    assert(before.position.method === method, "a position keeps the method it began with");
    positions.set(nameOf(fill), {
      ...before,
      position: applyFill(before.position, fill),
      trades: before.trades + 1,
    });
  }
  return positionKeys(fills).flatMap((key) => positions.get(nameOf(key)) ?? []);
}

export function nameOf(key: PositionKey): string {
  return `${key.accountId} ${key.symbol}`;
}
