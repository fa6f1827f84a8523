/** An hour that was lived through: what is kept of the clock's readings in it. */
export interface RetentionHour {
  /** Counted from the first one, while somebody lives: the time of day has no part in it. */
  readonly hour: number;
  /** The last of its minutes that was noted, counted likewise. */
  readonly minute: number;
  /** The lowest reading, in milliseconds since the epoch. */
  readonly earliestMs: number;
}

const MINUTE_MS = 60_000;
const MINUTES = 60;

/**
 * Since when something has been kept, whatever the clock did (decision 0056). What may go after a retention is stamped with the
 * time of day, and that may be wrong by years at any moment. So it goes once every reading of the clock in the last of that
 * retention *that was lived through* is later than its stamp: time of day that nobody has lived through makes nothing old.
 * Whoever has it counts minutes by a timer, which no clock moves, and keeps the hours.
 */
export class RetentionClock {
  /** By number, ascending, without those that are too old for anybody. */
  #hours: RetentionHour[] = [];
  /** The lowest reading from an hour on, as often as somebody asks between two changes: there are thousands of hours. */
  readonly #lowestFrom = new Map<number, number>();
  #minute = 0;
  #lastMs: number | null = null;

  constructor(stored: readonly RetentionHour[]) {
    this.take(stored);
  }

  /** A minute has passed: answers the hour as it is to be kept, and how far the clock has gone wrong in that minute. */
  minutePassed(nowMs: number): { readonly hour: RetentionHour; readonly jumpMs: number } {
    const jumpMs = this.#lastMs === null ? 0 : nowMs - this.#lastMs - MINUTE_MS;
    this.#minute++;
    return { hour: this.read(nowMs), jumpMs };
  }

  /** A reading without a minute: at a start, of which nobody knows how long ago the last end was. */
  read(nowMs: number): RetentionHour {
    this.#lastMs = nowMs;
    return this.#note(nowMs);
  }

  /** What is stored, by others too: they live at the same time, so whoever has lived longest is right. */
  take(hours: readonly RetentionHour[]): void {
    for (const hour of hours) {
      this.#minute = Math.max(this.#minute, hour.minute);
      this.#add(hour);
    }
  }

  /** What is stamped before it was kept for `retentionMs`, and up to an hour more. 0: nothing has been, as yet. */
  cutoffMs(retentionMs: number, nowMs: number): number {
    // Whoever asks may stamp something by the same clock.
    this.#note(nowMs);
    const since = this.#hourBefore(retentionMs);
    const oldest = this.#hours[0];
    if (oldest === undefined || oldest.hour > since) return 0;
    return Math.max(0, Math.min(nowMs - retentionMs, this.#lowest(since)));
  }

  #lowest(since: number): number {
    const known = this.#lowestFrom.get(since);
    if (known !== undefined) return known;
    let lowestMs = Number.POSITIVE_INFINITY;
    for (const { hour, earliestMs } of this.#hours)
      if (hour >= since) lowestMs = Math.min(lowestMs, earliestMs);
    this.#lowestFrom.set(since, lowestMs);
    return lowestMs;
  }

  /** Forgets the hours that no retention up to this one asks for; answers the first that is kept. */
  forget(longestMs: number): number {
    const first = this.#hourBefore(longestMs);
    this.#hours = this.#hours.filter(({ hour }) => hour >= first);
    this.#lowestFrom.clear();
    return first;
  }

  /** In it lies, at the latest, the last reading before what has lived for so long. */
  #hourBefore(retentionMs: number): number {
    return Math.floor((this.#minute - Math.ceil(retentionMs / MINUTE_MS) - 1) / MINUTES);
  }

  #note(nowMs: number): RetentionHour {
    return this.#add({ hour: Math.floor(this.#minute / MINUTES), minute: this.#minute, earliestMs: nowMs });
  }

  #add(given: RetentionHour): RetentionHour {
    // It is the last one or comes behind it, but for what others tell of the hour before.
    let at = this.#hours.length;
    while (at > 0 && (this.#hours[at - 1]?.hour ?? 0) >= given.hour) at--;
    const known = this.#hours[at];
    const isKnown = known?.hour === given.hour;
    if (isKnown && known.minute >= given.minute && known.earliestMs <= given.earliestMs) return known;
    this.#lowestFrom.clear();
    const hour = isKnown
      ? {
          hour: given.hour,
          minute: Math.max(known.minute, given.minute),
          earliestMs: Math.min(known.earliestMs, given.earliestMs),
        }
      : given;
    this.#hours.splice(at, isKnown ? 1 : 0, hour);
    return hour;
  }
}
