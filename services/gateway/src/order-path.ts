import type { ServiceName } from "@bourse/contracts";
import { isToCome, PeerError, type Peers, type ServiceStatus } from "@bourse/host";

/** Without one of them no order is taken. */
const ORDER_PATH: readonly ServiceName[] = ["auth", "order", "risk", "wallet", "matching"];
const TIMEOUT_MS = 1_000;

/**
 * Whether the services that an order passes have begun to take work. A client that waits until the gateway is ready
 * has its first order taken. Once they all did they are not asked again: a gateway that left with one of them would
 * refuse what the others still do, such as cancels and reading.
 */
export class OrderPath {
  readonly #peers: Peers;
  #isOpen = false;

  constructor(peers: Peers) {
    this.#peers = peers;
  }

  /** Those that are to come, and why; none once all have come. */
  async toCome(): Promise<readonly string[]> {
    if (this.#isOpen) return [];
    const reasons = (await Promise.all(ORDER_PATH.map((name) => this.#toCome(name)))).flat();
    this.#isOpen ||= reasons.length === 0;
    return reasons;
  }

  async #toCome(name: ServiceName): Promise<readonly string[]> {
    try {
      const ask = { method: "GET", path: "/internal/status", timeoutMs: TIMEOUT_MS } as const;
      const status = await this.#peers.call<ServiceStatus>(name, ask);
      if (!isToCome(status)) return [];
      return [`${name} is not ready: ${status.unready.join("; ")}`];
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      return [`${name} does not answer`];
    }
  }
}
