import { LastUsed } from "@bourse/base";

/** A tenure of fewer units was ended by another instance that works at the same rows. */
const SHORT_UNITS = 8;
/** For so many units rows are then locked before they are decided on. */
const CAREFUL_UNITS = 32;

export interface Known<Row extends object> {
  /** Each as the tables have it; what is not in it may be there or not. */
  readonly rows: LastUsed<string, Row>;
  /** Nothing may be taken for granted: rows are made and locked before they are decided on. */
  readonly isCareful: boolean;
}

interface Tenured<Row extends object> {
  readonly rows: LastUsed<string, Row>;
  readonly carefulUnits: number;
  units: number;
}

/**
 * The rows that a consumer read or wrote last, for as long as its tenure lasts (decision 0032): a unit decides from them
 * without reading, and its writes name the versions it has decided from. One that was wrong ends the tenure, and the next
 * one begins with locks.
 */
export class KnownRows<Row extends object> {
  readonly #max: number;
  /** A tenure that is over takes its rows with it. */
  readonly #tenures = new WeakMap<object, Tenured<Row>>();
  #last: Tenured<Row> | undefined;

  /** A unit that uses fewer than half of `max` rows still has all of them at its end. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Asked once for each unit of work. */
  of(tenure: object): Known<Row> {
    let known = this.#tenures.get(tenure);
    if (known === undefined) {
      const isContended = this.#last !== undefined && this.#last.units < SHORT_UNITS;
      known = {
        rows: new LastUsed<string, Row>(this.#max, () => new Map()),
        carefulUnits: isContended ? CAREFUL_UNITS : 1,
        units: 0,
      };
      this.#tenures.set(tenure, known);
      this.#last = known;
    }
    known.units++;
    return { rows: known.rows, isCareful: known.units <= known.carefulUnits };
  }
}
