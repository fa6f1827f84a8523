import type { ServiceName } from "@bourse/contracts";
import type { DeliveryStatus } from "@bourse/delivery";

/** The phases of a service's life, in this order. */
export type Phase = "starting" | "catching_up" | "ready" | "draining" | "stopped";

export interface ServiceStatus {
  readonly service: ServiceName;
  readonly instanceId: string;
  readonly phase: Phase;
  /** Why it can't take work now; empty: ready. */
  readonly unready: readonly string[];
  /** Of these, what goes on only once an operator has seen to it (R4, R8, R12). */
  readonly stopped: readonly string[];
  readonly requestsInFlight: number;
  /** null before there is one. */
  readonly delivery: DeliveryStatus | null;
}

/** Whether it is not there yet: it starts, or waits for what passes by itself, such as a replay. What has stopped is there. */
export function isToCome({
  phase,
  unready,
  stopped,
}: Pick<ServiceStatus, "phase" | "unready" | "stopped">): boolean {
  return phase !== "ready" || unready.some((reason) => !stopped.includes(reason));
}

/** Whether nothing is left to send or to consume. */
export interface Quiet {
  readonly quiet: boolean;
  readonly reasons: readonly string[];
}

/**
 * Quiet when it is ready, works on nothing, and all there is was published and consumed: also what another instance
 * has to consume, and what nobody has been given since one was killed.
 */
export function quietOf(status: ServiceStatus): Quiet {
  const { phase, requestsInFlight, delivery } = status;
  const reasons: string[] = [];
  if (phase !== "ready") reasons.push(`it is ${phase}`);
  if (requestsInFlight > 0) reasons.push(`${requestsInFlight} requests are in flight`);
  for (const [topic, backlog] of Object.entries(delivery?.outbox ?? {})) {
    if (backlog > 0) reasons.push(`${backlog} events wait to be published on ${topic}`);
  }
  for (const { subscription, state, reason } of delivery?.consumptions ?? []) {
    if (state !== "running")
      reasons.push(`${subscription} is ${state}${reason === null ? "" : `: ${reason}`}`);
  }
  for (const { subscription, topic, partition, lag, error } of delivery?.subscriptions ?? []) {
    const stop = error === null ? "" : `, and has stopped: ${error}`;
    if (lag === null)
      reasons.push(`${subscription}: how far it is behind on ${topic}/${partition} is not known${stop}`);
    else if (lag > 0) reasons.push(`${subscription} is ${lag} behind on ${topic}/${partition}${stop}`);
  }
  for (const { subscription, topic, partition, lag } of delivery?.elsewhere ?? []) {
    reasons.push(`${subscription} is ${lag} behind on ${topic}/${partition}, which is not this instance's`);
  }
  for (const { subscription, reason } of delivery?.elsewhereUnknown ?? []) {
    reasons.push(`${subscription}: what is left elsewhere is not known: ${reason}`);
  }
  return { quiet: reasons.length === 0, reasons };
}
