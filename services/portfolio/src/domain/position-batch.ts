import { assert } from "@bourse/base";
import { applyFill, type CostMethod, emptyPosition, type Fill, type Position } from "@bourse/positions";

export interface PositionKey {
  readonly accountId: string;
  readonly symbol: string;
}

/** A key with both as one text, which is made once and by which positions are looked up. */
export interface NamedKey extends PositionKey {
  readonly name: string;
}

/** A position with how many fills made it. */
export interface AccountPosition extends NamedKey {
  readonly position: Position;
  readonly trades: number;
}

export interface AccountFill extends Fill, NamedKey {
  readonly tickLotUnits: bigint;
}

/** Each position that the fills change once, in the order of its lock: account, then symbol (R13). */
export function positionKeys(fills: readonly NamedKey[]): readonly NamedKey[] {
  const keys = new Map<string, NamedKey>();
  for (const { name, accountId, symbol } of fills)
    if (!keys.has(name)) keys.set(name, { name, accountId, symbol });
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
  known: (name: string) => AccountPosition | undefined,
  fills: readonly AccountFill[],
  method: CostMethod,
): readonly PositionChange[] {
  const changes = new Map<string, { before: AccountPosition; after: AccountPosition }>();
  for (const fill of fills) {
    let change = changes.get(fill.name);
    if (change === undefined) {
      const before = known(fill.name) ?? emptyOf(fill, method);
      assert(before.position.method === method, "a position keeps the method it began with");
      change = { before, after: before };
      changes.set(fill.name, change);
    }
    const { name, accountId, symbol, position, trades } = change.after;
    change.after = { name, accountId, symbol, position: applyFill(position, fill), trades: trades + 1 };
  }
  return [...changes.values()].sort((a, b) => inLockOrder(a.after, b.after));
}

function emptyOf(
  { name, accountId, symbol, tickLotUnits }: AccountFill,
  method: CostMethod,
): AccountPosition {
  return { name, accountId, symbol, position: emptyPosition(method, tickLotUnits), trades: 0 };
}

export function nameOf({ accountId, symbol }: PositionKey): string {
  return `${accountId} ${symbol}`;
}
