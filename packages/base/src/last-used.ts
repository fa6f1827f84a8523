/** A `Map`, or what is asked like one. */
interface Table<Key, Row> {
  readonly size: number;
  get(key: Key): Row | undefined;
  set(key: Key, row: Row): unknown;
  delete(key: Key): unknown;
}

/**
 * At most `max` rows, at least half as many of those that were used last. They are in two tables: when the newer one is
 * half of `max`, it becomes the older one, and what was in that one is forgotten but for rows that were used again. It
 * costs one look-up a row, and no list that every use puts in order.
 */
export class LastUsed<Key, Row> {
  readonly #half: number;
  readonly #makeTable: () => Table<Key, Row>;
  #newer: Table<Key, Row>;
  #older: Table<Key, Row>;

  constructor(max: number, makeTable: () => Table<Key, Row>) {
    this.#half = Math.max(1, Math.floor(max / 2));
    this.#makeTable = makeTable;
    this.#newer = makeTable();
    this.#older = makeTable();
  }

  get(key: Key): Row | undefined {
    const row = this.#newer.get(key);
    if (row !== undefined) return row;
    const older = this.#older.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  /** Asking is a use: what is there stays, as with `get`. */
  has(key: Key): boolean {
    return this.get(key) !== undefined;
  }

  set(key: Key, row: Row): void {
    this.#newer.set(key, row);
    if (this.#newer.size < this.#half) return;
    this.#older = this.#newer;
    this.#newer = this.#makeTable();
  }

  delete(key: Key): void {
    this.#newer.delete(key);
    this.#older.delete(key);
  }

  clear(): void {
    this.#newer = this.#makeTable();
    this.#older = this.#makeTable();
  }
}
