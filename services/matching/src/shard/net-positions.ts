import { MAX_SYMBOLS } from "@bourse/engine";

/** Bought less sold lots of each account in each symbol, since the log began. */
export class NetPositions {
  /** By account x MAX_SYMBOLS + symbol, which is exact: accounts and symbols are far below their bounds. */
  readonly #lots = new Map<number, number>();

  constructor(entries: readonly (readonly [key: number, lots: number])[] = []) {
    for (const [key, lots] of entries) this.#lots.set(key, lots);
  }

  move(account: number, symbol: number, lots: number): void {
    const key = account * MAX_SYMBOLS + symbol;
    this.#lots.set(key, (this.#lots.get(key) ?? 0) + lots);
  }

  lots(account: number, symbol: number): number {
    return this.#lots.get(account * MAX_SYMBOLS + symbol) ?? 0;
  }

  /** With names, sorted: for the state hash, which must not depend on the numbers of the names. */
  lines(accountName: (index: number) => string, symbolName: (index: number) => string): readonly string[] {
    return this.all()
      .map(([key, lots]) => {
        const symbol = key % MAX_SYMBOLS;
        return `${accountName((key - symbol) / MAX_SYMBOLS)} ${symbolName(symbol)} ${lots}`;
      })
      .sort();
  }

  /** By key: the same positions have the same entries. */
  all(): readonly (readonly [key: number, lots: number])[] {
    return [...this.#lots].filter(([, lots]) => lots !== 0).sort(([left], [right]) => left - right);
  }
}
