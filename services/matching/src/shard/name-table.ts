import { assert } from "@bourse/base";

/** Names as the engine numbers them: from 0, in the order in which the log first gives them. */
export class NameTable {
  readonly #names: string[] = [];
  readonly #indices = new Map<string, number>();

  constructor(names: readonly string[] = []) {
    for (const name of names) this.indexOf(name);
  }

  indexOf(name: string): number {
    const known = this.#indices.get(name);
    if (known !== undefined) return known;
    const index = this.#names.length;
    this.#names.push(name);
    this.#indices.set(name, index);
    return index;
  }

  name(index: number): string {
    const name = this.#names[index];
    assert(name !== undefined, "the engine gives back numbers that it was given");
    return name;
  }

  all(): readonly string[] {
    return this.#names;
  }
}
