import type { Position } from "./sequence-check.ts";

/** Numbers of one epoch that follow each other and have not come. */
export interface Hole {
  readonly epoch: number;
  readonly first: number;
  readonly last: number;
  /** The record that came where `first` was due. */
  readonly place: string;
}

/** So many are remembered. A log with more of them is beyond what relays make of it. */
const MOST_HOLES = 1_000;

/** What of one producer's numbers has not come yet, in their order. */
export class MissingNumbers {
  readonly #holes: Hole[] = [];

  /** `sequence` has come where `due` was; false: it does not lie behind, or there are too many holes. */
  open(due: Position, { sequence, place }: { readonly sequence: number; readonly place: string }): boolean {
    if (sequence <= due.sequence || this.#holes.length >= MOST_HOLES) return false;
    this.#holes.push({ epoch: due.epoch, first: due.sequence, last: sequence - 1, place });
    return true;
  }

  /** Whether the number was missing: from now on it is not. */
  isFilledBy({ epoch, sequence }: Position): boolean {
    const at = this.#holes.findIndex(
      (hole) => hole.epoch === epoch && hole.first <= sequence && sequence <= hole.last,
    );
    const hole = this.#holes[at];
    if (hole === undefined) return false;
    const rest = [
      { ...hole, last: sequence - 1 },
      { ...hole, first: sequence + 1 },
    ];
    this.#holes.splice(at, 1, ...rest.filter(({ first, last }) => first <= last));
    return true;
  }

  left(): readonly Hole[] {
    return this.#holes;
  }
}
