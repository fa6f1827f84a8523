/** Values as they were measured, all of them: percentiles are exact, not read off a histogram's buckets. */
export class Recorded {
  #values = new Float64Array(1_024);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(value: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count] = value;
    this.#count += 1;
  }

  /** The values at these fractions (0.99 is p99), by nearest rank; null where nothing was recorded. */
  at<const Names extends string>(fractions: Readonly<Record<Names, number>>): Record<Names, number | null> {
    const sorted = this.#values.slice(0, this.#count).sort();
    const entries = Object.entries<number>(fractions).map(([name, fraction]) => [
      name,
      nearestRank(sorted, fraction),
    ]);
    return Object.fromEntries(entries) as Record<Names, number | null>;
  }
}

/** The smallest value that at least `fraction` of the sorted values do not exceed. */
export function nearestRank(sorted: ArrayLike<number>, fraction: number): number | null {
  const rank = Math.max(1, Math.ceil(fraction * sorted.length));
  return sorted[rank - 1] ?? null;
}

/** The middle value, or the mean of the two in the middle; null of nothing. */
export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((left, right) => left - right);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  return upper === undefined || lower === undefined ? null : (lower + upper) / 2;
}
