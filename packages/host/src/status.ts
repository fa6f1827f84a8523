import type { ServiceName } from "@bourse/contracts";
import type { DeliveryStatus } from "./delivery-runtime.ts";

/** The phases of a service's life, in this order. */
export type Phase = "starting" | "catching_up" | "ready" | "draining" | "stopped";

export interface ServiceStatus {
  readonly service: ServiceName;
  readonly instanceId: string;
  readonly phase: Phase;
  /** Why it can't take work now; empty: ready. */
  readonly unready: readonly string[];
  readonly requestsInFlight: number;
  readonly delivery: DeliveryStatus;
}

/** Whether nothing is left to send or to consume. */
export interface Quiet {
  readonly quiet: boolean;
  readonly reasons: readonly string[];
}
