/** An account's open orders: those that were seen, and approvals whose order has not been seen yet (R14). */

/** The limits of an account over all symbols. The notional is per quote asset: nothing sums across assets (R9). */
export interface OpenLimits {
  readonly maxOpenOrders: number | null;
  /** Minor units of the asset of the order that is checked. */
  readonly maxOpenNotionalUnits: bigint | null;
}

/** An order, or an order as it will be once an amendment has taken effect. */
export interface OpenAsk {
  readonly orderId: string;
  /** The quote asset. */
  readonly asset: string;
  /** The worst price it may trade at. */
  readonly priceTicks: number;
  /** The whole quantity, fills included. */
  readonly quantityLots: number;
  /** Minor units of `asset` for ticks x lots. */
  readonly notionalUnits: (tickLots: number) => bigint;
}

/** An order as the order service reports it. */
export interface SeenOrder extends Omit<OpenAsk, "priceTicks"> {
  /** null for a MARKET order: what it was approved with counts. */
  readonly priceTicks: number | null;
  readonly leavesLots: number;
}

export interface OpenRefusal {
  readonly code: "open_orders_limit_exceeded" | "open_notional_limit_exceeded";
  /** Orders, or minor units of the order's asset, with the order. */
  readonly wouldBe: bigint;
}

/** Minor units of an asset. */
interface Notional {
  readonly asset: string;
  readonly units: bigint;
}

interface Reservation extends Notional {
  readonly priceTicks: number;
  readonly quantityLots: number;
}

/** Whoever names an earlier order's id again, in another market, has reserved another asset than was seen. */
interface OpenEntry {
  readonly priceTicks: number;
  /** Filled and cancelled. */
  readonly goneLots: number;
  /** null: not seen yet. */
  readonly seen: Notional | null;
  readonly reserved: Reservation | null;
}

/**
 * One account. An order counts with the greater of what was seen and what is reserved. So it counts from its approval on, and
 * while an amendment is in flight, the more expensive version counts.
 */
export class OpenExposure {
  readonly #orders = new Map<string, OpenEntry>();
  readonly #sums = new Map<string, bigint>();

  get openOrders(): number {
    return this.#orders.size;
  }

  /** Minor units of the quote asset. */
  notionalUnits(asset: string): bigint {
    return this.#sums.get(asset) ?? 0n;
  }

  assets(): readonly string[] {
    return [...this.#sums].flatMap(([asset, units]) => (units === 0n ? [] : [asset])).sort();
  }

  /** Why the order is refused; null: it is not. An amendment that costs no more than before is never refused. */
  refusal(ask: OpenAsk, limits: OpenLimits): OpenRefusal | null {
    const entry = this.#orders.get(ask.orderId);
    const wouldBeOrders = this.#orders.size + (entry === undefined ? 1 : 0);
    if (limits.maxOpenOrders !== null && entry === undefined && wouldBeOrders > limits.maxOpenOrders)
      return { code: "open_orders_limit_exceeded", wouldBe: BigInt(wouldBeOrders) };
    const before = unitsOf(entry, ask.asset);
    const after = askedUnits(ask, entry);
    if (limits.maxOpenNotionalUnits === null || after <= before) return null;
    const wouldBe = this.notionalUnits(ask.asset) + after - before;
    return wouldBe > limits.maxOpenNotionalUnits ? { code: "open_notional_limit_exceeded", wouldBe } : null;
  }

  /** The order is approved. If it is checked again, the last approval counts. */
  reserve(ask: OpenAsk): void {
    const { orderId, asset, priceTicks, quantityLots } = ask;
    const entry = this.#orders.get(orderId);
    const reserved = { asset, units: askedUnits(ask, entry), priceTicks, quantityLots };
    this.#set(orderId, { ...(entry ?? { priceTicks, goneLots: 0, seen: null }), reserved });
  }

  /** The order was seen, open. Returns whether its reservation is used up. */
  see(seen: SeenOrder, referenceTicks: number): boolean {
    const { orderId, asset, quantityLots, leavesLots } = seen;
    const known = this.#orders.get(orderId);
    const priceTicks = seen.priceTicks ?? known?.priceTicks ?? referenceTicks;
    const reserved = known?.reserved ?? null;
    const isUsed =
      reserved === null ||
      (reserved.asset === asset &&
        reserved.quantityLots === quantityLots &&
        (seen.priceTicks === null || reserved.priceTicks === seen.priceTicks));
    this.#set(orderId, {
      priceTicks,
      goneLots: quantityLots - leavesLots,
      seen: { asset, units: seen.notionalUnits(priceTicks * leavesLots) },
      reserved: isUsed ? null : reserved,
    });
    return isUsed;
  }

  /** The order has ended, or never came. */
  forget(orderId: string): void {
    this.#set(orderId, undefined);
  }

  /** The amendment behind the reservation has its outcome: the seen order counts. False if none was seen yet. */
  settle(orderId: string): boolean {
    const entry = this.#orders.get(orderId);
    if (entry === undefined) return true;
    if (entry.seen === null) return false;
    this.#set(orderId, { ...entry, reserved: null });
    return true;
  }

  has(orderId: string): boolean {
    return this.#orders.has(orderId);
  }

  #set(orderId: string, entry: OpenEntry | undefined): void {
    const before = this.#orders.get(orderId);
    if (entry === undefined) this.#orders.delete(orderId);
    else this.#orders.set(orderId, entry);
    for (const asset of assetsOf(before, entry)) {
      const change = unitsOf(entry, asset) - unitsOf(before, asset);
      if (change !== 0n) this.#sums.set(asset, this.notionalUnits(asset) + change);
    }
  }
}

function assetsOf(...entries: readonly (OpenEntry | undefined)[]): ReadonlySet<string> {
  return new Set(
    entries.flatMap((entry) => [entry?.seen, entry?.reserved].flatMap((each) => each?.asset ?? [])),
  );
}

/** What an order counts with in an asset: the greater of what was seen and what is reserved. */
function unitsOf(entry: OpenEntry | undefined, asset: string): bigint {
  const seenUnits = entry?.seen?.asset === asset ? entry.seen.units : 0n;
  const reservedUnits = entry?.reserved?.asset === asset ? entry.reserved.units : 0n;
  return seenUnits > reservedUnits ? seenUnits : reservedUnits;
}

/** Of an amended quantity, only what has not filled or been cancelled already can still be open. */
function askedUnits(ask: OpenAsk, entry: OpenEntry | undefined): bigint {
  const goneLots = entry?.seen?.asset === ask.asset ? entry.goneLots : 0;
  return ask.notionalUnits(ask.priceTicks * Math.max(0, ask.quantityLots - goneLots));
}
