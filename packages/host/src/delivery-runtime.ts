import type { Clock, Timer } from "@bourse/base";
import type { EventBus } from "@bourse/bus";
import type { ServiceName, Topic } from "@bourse/contracts";
import type { Consumption, Delivery } from "@bourse/delivery";
import * as deliveryPackage from "@bourse/delivery";
import type { MigrationFolder, Store } from "@bourse/store";
import type { Logger } from "pino";
import type { Registry } from "prom-client";

/** Delivery as the host drives it. */
export interface DeliveryRuntime {
  readonly delivery: Delivery;
  start(service: never, consumptions: readonly Consumption<never>[]): Promise<void>;
  status(): DeliveryStatus | Promise<DeliveryStatus>;
  /** Empty once everything has caught up and as long as nothing is stopped. */
  unready(): readonly string[];
  drain(): Promise<void>;
}

export interface DeliveryStatus {
  readonly consumptions: readonly ConsumptionStatus[];
  readonly subscriptions: readonly PartitionStatus[];
  /** Committed events that the bus has not acknowledged yet, for each topic, and in all. */
  readonly outbox: Readonly<Record<string, number>>;
  readonly outboxBacklog: number;
}

export interface ConsumptionStatus {
  readonly subscription: string;
  readonly state: string;
  readonly reason: string | null;
}

export interface PartitionStatus {
  readonly subscription: string;
  readonly topic: string;
  readonly partition: number;
  readonly lag: number;
}

export interface OpenDeliveryOptions {
  readonly service: ServiceName;
  readonly publishes: readonly Topic[];
  readonly store: Store | null;
  readonly consumerStore: Store | null;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Logger;
  readonly metrics: Registry;
  readonly instanceId: string;
  readonly sharedFolder: string;
}

type Create = (options: OpenDeliveryOptions) => DeliveryRuntime;
const found = deliveryPackage as { readonly createDelivery?: Create; readonly deliveryMigrations?: URL };

export function openDelivery(options: OpenDeliveryOptions): DeliveryRuntime {
  return found.createDelivery?.(options) ?? idle;
}

export function deliveryMigrationFolders(): readonly MigrationFolder[] {
  return found.deliveryMigrations === undefined
    ? []
    : [{ prefix: "delivery", folder: found.deliveryMigrations }];
}

const idle: DeliveryRuntime = {
  delivery: { commit: () => Promise.reject(new Error("delivery is not there yet")) },
  start: () => Promise.resolve(),
  status: () => NO_DELIVERY,
  unready: () => [],
  drain: () => Promise.resolve(),
};

export const NO_DELIVERY: DeliveryStatus = {
  consumptions: [],
  subscriptions: [],
  outbox: {},
  outboxBacklog: 0,
};
