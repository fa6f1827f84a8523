import type { EventBus } from "@bourse/bus";
import { KnownRows } from "@bourse/delivery";
import type { Store } from "@bourse/store";
import type { DropCopyMetrics } from "./metrics.ts";
import type { KnownOrder } from "./sql/order-rows.ts";

/** What consumers and invariants of drop-copy are given. */
export interface DropCopy {
  readonly store: Store;
  readonly bus: EventBus;
  readonly cashAsset: string;
  readonly knownOrders: KnownRows<KnownOrder>;
  /** The business day of each client's row. */
  readonly knownDays: KnownRows<KnownDay>;
  readonly metrics: DropCopyMetrics;
}

export interface KnownDay {
  readonly day: string;
}

/** Of orders some 400 bytes each, of days 100. */
const MAX_ORDERS = 20_000;
const MAX_CLIENTS = 50_000;

export function nothingKnown(): Pick<DropCopy, "knownOrders" | "knownDays"> {
  return { knownOrders: new KnownRows(MAX_ORDERS), knownDays: new KnownRows(MAX_CLIENTS) };
}
