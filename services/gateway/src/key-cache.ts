import type { Clock } from "@bourse/base";
import type { Principal } from "@bourse/contracts";

/** How many keys of somebody are remembered, and how many of nobody; the oldest are forgotten first. */
const MAX_KEYS = 10_000;

interface Entry {
  readonly principal: Principal | null;
  readonly askedMs: number;
  readonly untilMs: number;
  /** A request has come with it since it was asked. */
  isUsed: boolean;
}

/**
 * Whose a key is, remembered for a while, so that a request costs no question. Unknown keys are remembered too, by themselves:
 * anybody can make them up, as many as are needed to have the others forgotten.
 */
export class KeyCache {
  readonly #clock: Clock;
  readonly #keepMs: number;
  readonly #issued = new Map<string, Entry>();
  readonly #unknown = new Map<string, Entry>();

  constructor(clock: Clock, keepMs: number) {
    this.#clock = clock;
    this.#keepMs = keepMs;
  }

  /** undefined: it has to be asked. */
  get(key: string): Principal | null | undefined {
    const entry = this.#issued.get(key) ?? this.#unknown.get(key);
    if (entry === undefined) return undefined;
    const nowMs = this.#clock.nowMs();
    // A clock that was set back would make a key that is revoked work for as long.
    if (nowMs < entry.askedMs || nowMs >= entry.untilMs) {
      this.#forget(key);
      return undefined;
    }
    entry.isUsed = true;
    return entry.principal;
  }

  /** `askedMs`: what was revoked after that moment may not be in the answer. */
  set(key: string, principal: Principal | null, askedMs = this.#clock.nowMs()): void {
    this.#forget(key);
    const entries = principal === null ? this.#unknown : this.#issued;
    entries.set(key, { principal, askedMs, untilMs: askedMs + this.#keepMs, isUsed: false });
    if (entries.size <= MAX_KEYS) return;
    const [oldest] = entries.keys();
    if (oldest !== undefined) entries.delete(oldest);
  }

  #forget(key: string): void {
    this.#issued.delete(key);
    this.#unknown.delete(key);
  }

  /** Keys of somebody that are in use and will be forgotten within `withinMs`, at most `limit`: asked together, they cost one question. */
  expiring(withinMs: number, limit: number): readonly string[] {
    const nowMs = this.#clock.nowMs();
    const keys: string[] = [];
    // Oldest first: what was asked last is behind.
    for (const [key, { untilMs, isUsed }] of this.#issued) {
      if (untilMs > nowMs + withinMs || keys.length === limit) break;
      if (isUsed && untilMs > nowMs) keys.push(key);
    }
    return keys;
  }
}
