/** The position of an account in a symbol, and its reduce-only orders. */
export interface Position {
  readonly account: number;
  readonly symbol: number;
  /** Above 0: long. */
  lots: number;
  /** Slots of the resting reduce-only orders. All are of the side that makes it smaller. */
  readonly reducers: Set<number>;
  /** Their leaves. */
  reducingLots: number;
}

/** A position never exceeds a safe integer: a change that would make it do so is not applied. */
export function changePosition(position: Position, lots: number): void {
  const most = Number.MAX_SAFE_INTEGER;
  position.lots = Math.max(-most, Math.min(most, position.lots + lots));
}

/** The positions that the engine follows. */
export class Positions {
  readonly #bySymbol = new Map<number, Map<number, Position>>();
  count = 0;

  find(account: number, symbol: number): Position | undefined {
    return this.#bySymbol.get(symbol)?.get(account);
  }

  set(account: number, symbol: number, lots: number): Position {
    let ofSymbol = this.#bySymbol.get(symbol);
    if (ofSymbol === undefined) {
      ofSymbol = new Map();
      this.#bySymbol.set(symbol, ofSymbol);
    }
    let position = ofSymbol.get(account);
    if (position === undefined) {
      position = { account, symbol, lots, reducers: new Set(), reducingLots: 0 };
      ofSymbol.set(account, position);
      this.count++;
    }
    position.lots = lots;
    return position;
  }

  /** By symbol, then by account. */
  all(): Position[] {
    return [...this.#bySymbol.values()]
      .flatMap((ofSymbol) => [...ofSymbol.values()])
      .sort((left, right) => left.symbol - right.symbol || left.account - right.account);
  }
}
