/** Of what `node:test` tells of a test or a group of tests. */
export interface TestPlace {
  readonly name: string;
  readonly testId?: number | undefined;
  /** The group or test around it. */
  readonly parentId?: number | undefined;
  readonly line?: number | undefined;
}

/** The tests and groups of one file that have not ended, so that one that hangs can be named. */
export class OpenTests {
  readonly #open = new Map<number | undefined, { readonly place: TestPlace; isRunning: boolean }>();

  get size(): number {
    return this.#open.size;
  }

  enqueued(place: TestPlace): void {
    this.#open.set(place.testId, { place, isRunning: false });
  }

  began({ testId }: TestPlace): void {
    const test = this.#open.get(testId);
    if (test !== undefined) test.isRunning = true;
  }

  ended({ testId }: TestPlace): void {
    this.#open.delete(testId);
  }

  /** With the names of their groups. Of a group alone: between its tests, or in a hook of it. */
  running(): readonly string[] {
    const running = [...this.#open.values()].filter(({ isRunning }) => isRunning).map(({ place }) => place);
    return running
      .filter(({ testId }) => !running.some(({ parentId }) => parentId === testId))
      .map((place) => (place.line === undefined ? "" : `line ${place.line}: `) + this.#fullName(place));
  }

  #fullName({ name, parentId }: TestPlace): string {
    const parent = this.#open.get(parentId);
    return parent === undefined ? name : `${this.#fullName(parent.place)} > ${name}`;
  }
}
