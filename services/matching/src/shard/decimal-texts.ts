const SLOTS = 4_096;

/**
 * Whole numbers of steps (ticks, lots) as decimals. The latest ones are cached: a market has the same few prices and
 * quantities again and again, and each is in several events.
 */
export class DecimalTexts {
  readonly #write: (steps: number) => string;
  readonly #steps = new Float64Array(SLOTS).fill(Number.NaN);
  readonly #texts: string[] = new Array<string>(SLOTS).fill("");

  constructor(write: (steps: number) => string) {
    this.#write = write;
  }

  text(steps: number): string {
    const slot = steps & (SLOTS - 1);
    if (this.#steps[slot] === steps) return this.#texts[slot] as string;
    const text = this.#write(steps);
    this.#steps[slot] = steps;
    this.#texts[slot] = text;
    return text;
  }
}
