/** A copy in memory of what tables hold. Several readings of them may be under way at once. */
export class NewestReading {
  #begun = 0;
  #loaded = 0;

  /**
   * Reads, and loads what was read. Not where a reading that began later was faster: whatever was committed before this one
   * began, that one has read.
   */
  async load<Rows>(read: () => Promise<Rows>, load: (rows: Rows) => void): Promise<void> {
    const turn = ++this.#begun;
    const rows = await read();
    if (turn < this.#loaded) return;
    this.#loaded = turn;
    load(rows);
  }
}
