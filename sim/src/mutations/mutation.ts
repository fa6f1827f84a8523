import type { Timer } from "@bourse/base";
import type { EventBus } from "@bourse/bus";
import type { ServiceName } from "@bourse/contracts";
import type { OpenSnapshots } from "@bourse/delivery";
import type { Store } from "@bourse/store";
import type { Outcome, PortName } from "../ports/crash-gate.ts";

/**
 * A rule left out, by wrapping the ports of a service: production code has no switch for it. What the crash points must
 * find, or they prove nothing.
 */
export interface Mutation {
  readonly name: string;
  /** Which rule is broken, and how. */
  readonly about: string;
  /** Where it shows: the points of this flow with these outcomes. */
  readonly flow: string;
  /** Absent: calls of all ports, where the mutation changes their order. */
  readonly ports?: readonly PortName[];
  readonly outcomes: readonly Outcome[];
  readonly store?: (store: Store, service: ServiceName, timer: Timer) => Store;
  readonly bus?: (bus: EventBus, service: ServiceName, timer: Timer) => EventBus;
  readonly snapshots?: (open: OpenSnapshots) => OpenSnapshots;
}
