import type { Clock } from "@bourse/base";
import type { Principal } from "@bourse/contracts";

/** How many keys are remembered; the oldest are forgotten first. */
const MAX_KEYS = 10_000;

/** Whose a key is, remembered for a while, so that a request costs no question. Unknown keys are remembered too. */
export class KeyCache {
  readonly #clock: Clock;
  readonly #keepMs: number;
  readonly #entries = new Map<string, { readonly principal: Principal | null; readonly untilMs: number }>();

  constructor(clock: Clock, keepMs: number) {
    this.#clock = clock;
    this.#keepMs = keepMs;
  }

  /** undefined: it has to be asked. */
  get(key: string): Principal | null | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.untilMs > this.#clock.nowMs()) return entry.principal;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: string, principal: Principal | null): void {
    this.#entries.delete(key);
    this.#entries.set(key, { principal, untilMs: this.#clock.nowMs() + this.#keepMs });
    if (this.#entries.size <= MAX_KEYS) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
