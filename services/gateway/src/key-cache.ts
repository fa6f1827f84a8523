import type { Clock } from "@bourse/base";
import type { Principal } from "@bourse/contracts";

/** How many keys are remembered; the oldest are forgotten first. */
const MAX_KEYS = 10_000;

interface Entry {
  readonly principal: Principal | null;
  readonly askedMs: number;
  readonly untilMs: number;
  /** A request has come with it since it was asked. */
  isUsed: boolean;
}

/** Whose a key is, remembered for a while, so that a request costs no question. Unknown keys are remembered too. */
export class KeyCache {
  readonly #clock: Clock;
  readonly #keepMs: number;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock, keepMs: number) {
    this.#clock = clock;
    this.#keepMs = keepMs;
  }

  /** undefined: it has to be asked. */
  get(key: string): Principal | null | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const nowMs = this.#clock.nowMs();
    // A clock that was set back would make a key that is revoked work for as long.
    if (nowMs < entry.askedMs || nowMs >= entry.untilMs) {
      this.#entries.delete(key);
      return undefined;
    }
    entry.isUsed = true;
    return entry.principal;
  }

  /** `askedMs`: what was revoked after that moment may not be in the answer. */
  set(key: string, principal: Principal | null, askedMs = this.#clock.nowMs()): void {
    this.#entries.delete(key);
    this.#entries.set(key, { principal, askedMs, untilMs: askedMs + this.#keepMs, isUsed: false });
    if (this.#entries.size <= MAX_KEYS) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  /** Keys of somebody that are in use and will be forgotten within `withinMs`, at most `limit`: asked together, they cost one question. */
  expiring(withinMs: number, limit: number): readonly string[] {
    const nowMs = this.#clock.nowMs();
    const keys: string[] = [];
    // Oldest first: what was asked last is behind.
    for (const [key, { principal, untilMs, isUsed }] of this.#entries) {
      if (untilMs > nowMs + withinMs || keys.length === limit) break;
      if (isUsed && principal !== null && untilMs > nowMs) keys.push(key);
    }
    return keys;
  }
}
