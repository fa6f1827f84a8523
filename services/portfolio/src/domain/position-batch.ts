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
  return [...keys.values()].sort(inLockOrder);
}

function inLockOrder(a: PositionKey, b: PositionKey): number {
  if (a.accountId !== b.accountId) return a.accountId < b.accountId ? -1 : 1;
  return a.symbol < b.symbol ? -1 : 1;
}

/** A position before and after a batch. */
export interface PositionChange {
  readonly before: AccountPosition;
  readonly after: AccountPosition;
}

/**
 * The positions after the fills, in the order in which they came: one net result for each position that changed, in the
 * order of `positionKeys`. A position that is not known begins empty.
 */
export function applyFills(
  known: (key: PositionKey) => AccountPosition | undefined,
  fills: readonly AccountFill[],
  method: CostMethod,
): readonly PositionChange[] {
  const changes = new Map<string, { before: AccountPosition; after: AccountPosition }>();
  for (const fill of fills) {
    const name = nameOf(fill);
    let change = changes.get(name);
    if (change === undefined) {
      const before = known(fill) ?? emptyOf(fill, method);
      assert(before.position.method === method, "a position keeps the method it began with");
      change = { before, after: before };
      changes.set(name, change);
    }
    const { accountId, symbol, position, trades } = change.after;
    change.after = { accountId, symbol, position: applyFill(position, fill), trades: trades + 1 };
  }
  return [...changes.values()].sort((a, b) => inLockOrder(a.after, b.after));
}

function emptyOf({ accountId, symbol, tickLotUnits }: AccountFill, method: CostMethod): AccountPosition {
  return { accountId, symbol, position: emptyPosition(method, tickLotUnits), trades: 0 };
}

export function nameOf(key: PositionKey): string {
  return `${key.accountId} ${key.symbol}`;
}
