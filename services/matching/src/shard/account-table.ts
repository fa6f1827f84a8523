import { assert } from "@bourse/base";

/** Accounts as the engine numbers them: from 0, in the order in which the log first names them. */
export class AccountTable {
  readonly #names: string[] = [];
  readonly #indices = new Map<string, number>();

  constructor(names: readonly string[] = []) {
    for (const name of names) this.indexOf(name);
  }

  indexOf(accountId: string): number {
    const known = this.#indices.get(accountId);
    if (known !== undefined) return known;
    const index = this.#names.length;
    this.#names.push(accountId);
    this.#indices.set(accountId, index);
    return index;
  }

  name(index: number): string {
    const name = this.#names[index];
    assert(name !== undefined, "the engine names accounts that it was given");
    return name;
  }

  all(): readonly string[] {
    return this.#names;
  }
}
