import type { Clock } from "@bourse/base";
import { OperationalError } from "@bourse/base";
import type { EventBus } from "@bourse/bus";
import type { Delivery } from "@bourse/delivery";
import type { Peers } from "@bourse/host";
import type { CompiledInstrument, ReferenceBook } from "@bourse/market";
import type { Store, SummarisedPages } from "@bourse/store";
import type { LedgerDesk } from "./ledger-desk.ts";
import type { WalletMetrics } from "./metrics.ts";

/** The object that wallet's routes, consumers and invariants get. */
export interface Wallet {
  readonly clock: Clock;
  readonly store: Store;
  readonly bus: EventBus;
  readonly delivery: Delivery;
  readonly peers: Peers;
  readonly reference: ReferenceBook;
  readonly metrics: WalletMetrics;
  readonly desk: LedgerDesk;
  readonly summarisedPages: SummarisedPages;
}

/** The instrument of an event. The view of reference data may be slightly behind; the unit is then tried again. */
export function instrumentOf(wallet: Pick<Wallet, "reference">, symbol: string): CompiledInstrument {
  const instrument = wallet.reference.instrument(symbol);
  if (instrument !== undefined) return instrument;
  throw pending(`the instrument ${symbol}`);
}

/** The decimals of an asset, which are needed to write any amount of it. */
export function scaleOf(reference: ReferenceBook, asset: string): number {
  const listed = reference.asset(asset);
  if (listed !== undefined) return listed.scale;
  throw pending(`the asset ${asset}`);
}

function pending(what: string): OperationalError {
  return new OperationalError("reference_pending", `${what} is not known here yet`, { retryable: true });
}
