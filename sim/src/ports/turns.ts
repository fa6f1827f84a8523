/** A process that works with the database. */
export interface TurnTaker {
  /** It was stopped (SIGSTOP), and begins nothing meanwhile. */
  readonly isStopped: boolean;
}

interface Place {
  readonly of: TurnTaker;
  readonly grant: () => void;
}

/**
 * Whose turn it is at the one session that the in-process server has: processes that share the database wait for each other,
 * in the order in which they came.
 */
export class Turns {
  /** A transaction whose end is still under way although nobody waits for it any more. */
  late: (() => void) | null = null;
  #holder: Place | null = null;
  readonly #waiting: Place[] = [];

  /** Resolves when all before are done; the returned function gives the turn on. */
  wait(of: TurnTaker): Promise<() => void> {
    return new Promise((resolve) => {
      const place: Place = { of, grant: () => resolve(() => this.#give(place)) };
      this.#waiting.push(place);
      this.next();
    });
  }

  /** The turn that it has is the next one's. */
  end(of: TurnTaker): void {
    if (this.#holder?.of === of) this.#give(this.#holder);
  }

  /** It is gone, and waits no more. */
  leave(of: TurnTaker): void {
    const left = this.#waiting.filter((place) => place.of !== of);
    this.#waiting.splice(0, this.#waiting.length, ...left);
    this.end(of);
  }

  /** Whoever can begin now does. */
  next(): void {
    if (this.#holder !== null) return;
    const at = this.#waiting.findIndex(({ of }) => !of.isStopped);
    const [place] = at === -1 ? [] : this.#waiting.splice(at, 1);
    this.#holder = place ?? null;
    place?.grant();
  }

  #give(place: Place): void {
    if (this.#holder !== place) return;
    this.#holder = null;
    this.next();
  }
}
