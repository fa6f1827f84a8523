/** Slots of live orders by a number they share: a session, an OCO group, a parent. In the order of handles. */
export class Families {
  readonly #members = new Map<number, Set<number>>();

  add(key: number, slot: number): void {
    const members = this.#members.get(key);
    if (members === undefined) this.#members.set(key, new Set([slot]));
    else members.add(slot);
  }

  remove(key: number, slot: number): void {
    const members = this.#members.get(key);
    if (members?.delete(slot) === true && members.size === 0) this.#members.delete(key);
  }

  of(key: number): ReadonlySet<number> | undefined {
    return this.#members.get(key);
  }

  /** Removes all members. */
  take(key: number): number[] {
    const members = this.#members.get(key);
    this.#members.delete(key);
    return members === undefined ? [] : [...members];
  }
}
