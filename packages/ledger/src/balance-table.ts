/** What names a balance. */
export interface BalanceKey {
  readonly accountId: string;
  readonly asset: string;
}

/**
 * A map by balances. Assets are few and accounts are many, so it goes by the asset first; no text has to be put together
 * to find a row.
 */
export class BalanceTable<Row> {
  readonly #byAsset = new Map<string, Map<string, Row>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get({ accountId, asset }: BalanceKey): Row | undefined {
    return this.#byAsset.get(asset)?.get(accountId);
  }

  find(accountId: string, asset: string): Row | undefined {
    return this.#byAsset.get(asset)?.get(accountId);
  }

  set({ accountId, asset }: BalanceKey, row: Row): void {
    let byAccount = this.#byAsset.get(asset);
    if (byAccount === undefined) {
      byAccount = new Map();
      this.#byAsset.set(asset, byAccount);
    }
    const before = byAccount.size;
    byAccount.set(accountId, row);
    this.#size += byAccount.size - before;
  }

  delete({ accountId, asset }: BalanceKey): void {
    if (this.#byAsset.get(asset)?.delete(accountId) === true) this.#size--;
  }
}

/** The order in which balances are locked: account, then asset, by code unit (R13). */
export function inLockOrder(a: BalanceKey, b: BalanceKey): number {
  if (a.accountId !== b.accountId) return a.accountId < b.accountId ? -1 : 1;
  if (a.asset === b.asset) return 0;
  return a.asset < b.asset ? -1 : 1;
}
