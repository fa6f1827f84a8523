import { ACCOUNTS, type DaySymbol, SYMBOLS } from "../day.ts";
import { LISTINGS } from "../day-venue.ts";
import { ONE, parse, show } from "./amount.ts";
import type { EndedDay } from "./ended-day.ts";
import { type Fact, sidesOf } from "./facts.ts";

interface Position {
  quantity: bigint;
  cost: bigint;
  realised: bigint;
  fees: bigint;
  trades: number;
}

/** Positions by average cost, folded from the trades in the engine's order. */
export function positionFaults({ facts, positions }: EndedDay): readonly string[] {
  const folded = new Map<string, Position>();
  const inOrder = [...facts.trades].sort((a, b) => a.engineSequence - b.engineSequence);
  for (const trade of inOrder)
    for (const [side, own] of sidesOf(trade)) {
      const key = `${own.accountId} ${trade.symbol}`;
      const position = folded.get(key) ?? { quantity: 0n, cost: 0n, realised: 0n, fees: 0n, trades: 0 };
      folded.set(key, position);
      fold(position, trade, side === "BUY" ? 1n : -1n);
      position.fees += parse(own.fee);
      position.realised -= parse(own.fee);
      position.trades += 1;
    }
  return ACCOUNTS.flatMap((accountId) =>
    SYMBOLS.flatMap((symbol) => {
      const shown = positions.get(accountId)?.find((each) => each.symbol === symbol);
      return faultsOf(`${accountId} ${symbol}`, shown, folded.get(`${accountId} ${symbol}`));
    }),
  );
}

function fold(position: Position, { symbol, price, quantity }: Fact, sign: bigint): void {
  const { quoteAsset } = LISTINGS[symbol as DaySymbol];
  const minorUnit = 10n ** (quoteAsset === "USD" ? 12n : 10n);
  const [each, size] = [parse(price), parse(quantity)];
  const open = position.quantity < 0n ? -position.quantity : position.quantity;
  const closing = position.quantity * sign < 0n ? (size < open ? size : open) : 0n;
  if (closing > 0n) {
    // Of what is open the closed part, down to a whole minor unit: the fraction stays with the rest.
    const released = (((position.cost / minorUnit) * closing) / open) * minorUnit;
    position.realised += (-sign * each * closing) / ONE - released;
    position.cost -= released;
    position.quantity += sign * closing;
  }
  position.cost += (sign * each * (size - closing)) / ONE;
  position.quantity += sign * (size - closing);
}

function faultsOf(key: string, shown: Fact | undefined, folded: Position | undefined): readonly string[] {
  if (shown === undefined || folded === undefined)
    return shown === folded
      ? []
      : [`${key}: ${shown ? "a position without trades" : "trades without a position"}`];
  const compared: readonly (readonly [string, bigint, bigint])[] = [
    ["quantity", parse(shown.quantity), folded.quantity],
    ["cost", parse(shown.cost), folded.cost],
    ["realisedPnl", parse(shown.realisedPnl), folded.realised],
    ["fees", parse(shown.fees), folded.fees],
    ["trades", BigInt(shown.trades), BigInt(folded.trades)],
  ];
  return compared
    .filter(([, is, wanted]) => is !== wanted)
    .map(([field, is, wanted]) => `${key} ${field} is ${show(is)}, its trades make ${show(wanted)}`);
}
