const SLOTS = 4_096;

/**
 * Whole numbers of steps (ticks, lots) as decimals. The ones written last are remembered: prices and quantities of a market
 * are the same few again and again, and each is told in several events.
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
