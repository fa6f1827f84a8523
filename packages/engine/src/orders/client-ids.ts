/** The live orders of an account by the account's own numbers. */
export class ClientIds {
  readonly #byAccount = new Map<number, Map<number, number>>();

  /** The slot, or undefined. */
  find(account: number, clientId: number): number | undefined {
    return this.#byAccount.get(account)?.get(clientId);
  }

  add(account: number, clientId: number, slot: number): void {
    const known = this.#byAccount.get(account);
    if (known === undefined) this.#byAccount.set(account, new Map([[clientId, slot]]));
    else known.set(clientId, slot);
  }

  remove(account: number, clientId: number): void {
    this.#byAccount.get(account)?.delete(clientId);
  }
}
