import { assert } from "@bourse/base";

/** Names and the engine's numbers for them: a new name gets the lowest free number. */
export class NameTable {
  readonly #names: string[] = [];
  readonly #indices = new Map<string, number>();
  /** Free numbers, the lowest last. */
  #free: number[] = [];

  constructor(names: readonly string[] = []) {
    for (const [index, name] of names.entries()) {
      this.#names.push(name);
      if (name !== forgotten(index)) this.#indices.set(name, index);
    }
    this.#findFree();
  }

  get size(): number {
    return this.#indices.size;
  }

  has(name: string): boolean {
    return this.#indices.has(name);
  }

  indexOf(name: string): number {
    const known = this.#indices.get(name);
    if (known !== undefined) return known;
    const index = this.#free.pop() ?? this.#names.length;
    this.#names[index] = name;
    this.#indices.set(name, index);
    return index;
  }

  name(index: number): string {
    const name = this.#names[index];
    assert(name !== undefined && this.has(name), "the engine gives back numbers that it was given");
    return name;
  }

  /** Forgets all names but those of these numbers, which they keep. */
  keepOnly(indices: ReadonlySet<number>): void {
    for (const [name, index] of this.#indices) {
      if (indices.has(index)) continue;
      this.#indices.delete(name);
      this.#names[index] = forgotten(index);
    }
    while (this.#names.at(-1) === forgotten(this.#names.length - 1)) this.#names.pop();
    this.#findFree();
  }

  #findFree(): void {
    this.#free = [];
    for (let index = this.#names.length - 1; index >= 0; index--)
      if (this.#names[index] === forgotten(index)) this.#free.push(index);
  }

  /** By number. */
  all(): readonly string[] {
    return this.#names;
  }
}

/** Replaces a forgotten name. Each number has its own placeholder, so that none is mistaken for another. */
function forgotten(index: number): string {
  return `\u0000${index}`;
}
