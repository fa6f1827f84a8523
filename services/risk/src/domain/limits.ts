/** What an order may be at most. null: no limit. */
export interface Limits {
  /** price x quantity in the quote asset, a decimal. */
  readonly maxOrderNotional: string | null;
  /** A decimal. */
  readonly maxOrderQuantity: string | null;
  /** How far from the reference price, in parts per million; "instrument": what the instrument says. */
  readonly collarPpm: number | null | "instrument";
  readonly ordersPerSecond: number | null;
  readonly orderBurst: number | null;
  /** Of an account over all symbols: orders that are open or on their way. */
  readonly maxOpenOrders: number | null;
  /** Of an account over all symbols, in each quote asset: worst price x what is left of its open orders, a decimal. */
  readonly maxOpenNotional: string | null;
}

/** What is set for one scope; a field that is absent is inherited. */
export type LimitSetting = { readonly [Field in keyof Limits]?: Limits[Field] | undefined };

/** For whom a setting is: everyone, a symbol, an account, or an account in a symbol. null: any. */
export interface LimitScope {
  readonly accountId: string | null;
  readonly symbol: string | null;
}

export const LIMIT_FIELDS = [
  "maxOrderNotional",
  "maxOrderQuantity",
  "collarPpm",
  "ordersPerSecond",
  "orderBurst",
  "maxOpenOrders",
  "maxOpenNotional",
] as const satisfies readonly (keyof Limits)[];

/** Whether what is open of the account must be known. */
export function limitsOpen({ maxOpenOrders, maxOpenNotional }: Limits): boolean {
  return maxOpenOrders !== null || maxOpenNotional !== null;
}

/** Settings by scope; each field comes from the narrowest scope that sets it. */
export class LimitTable {
  readonly #defaults: Limits;
  #settings = new Map<string, LimitSetting>();
  #effective = new Map<string, Limits>();

  constructor(defaults: Limits) {
    this.#defaults = defaults;
  }

  /** Replaces all settings. */
  load(settings: readonly (LimitScope & { readonly setting: LimitSetting })[]): void {
    this.#settings = new Map(settings.map((each) => [scopeKey(each), each.setting]));
    this.#effective = new Map();
  }

  /** Account in symbol, then account, then symbol, then everyone, then the configuration. */
  effective(scope: LimitScope): Limits {
    const key = scopeKey(scope);
    const known = this.#effective.get(key);
    if (known !== undefined) return known;
    const { accountId, symbol } = scope;
    const layers = [
      this.#settings.get(scopeKey({ accountId: null, symbol: null })),
      symbol === null ? undefined : this.#settings.get(scopeKey({ accountId: null, symbol })),
      accountId === null ? undefined : this.#settings.get(scopeKey({ accountId, symbol: null })),
      accountId === null || symbol === null ? undefined : this.#settings.get(key),
    ];
    const limits = layers.reduce<Limits>((below, layer) => overlaid(below, layer), this.#defaults);
    if (this.#effective.size >= MAX_CACHED) this.#effective.clear();
    this.#effective.set(key, limits);
    return limits;
  }

  setting(scope: LimitScope): LimitSetting {
    return this.#settings.get(scopeKey(scope)) ?? {};
  }
}

/** Effective limits are remembered for so many scopes. */
const MAX_CACHED = 100_000;

function overlaid(below: Limits, above: LimitSetting | undefined): Limits {
  if (above === undefined) return below;
  return {
    maxOrderNotional: above.maxOrderNotional === undefined ? below.maxOrderNotional : above.maxOrderNotional,
    maxOrderQuantity: above.maxOrderQuantity === undefined ? below.maxOrderQuantity : above.maxOrderQuantity,
    collarPpm: above.collarPpm === undefined ? below.collarPpm : above.collarPpm,
    ordersPerSecond: above.ordersPerSecond === undefined ? below.ordersPerSecond : above.ordersPerSecond,
    orderBurst: above.orderBurst === undefined ? below.orderBurst : above.orderBurst,
    maxOpenOrders: above.maxOpenOrders === undefined ? below.maxOpenOrders : above.maxOpenOrders,
    maxOpenNotional: above.maxOpenNotional === undefined ? below.maxOpenNotional : above.maxOpenNotional,
  };
}

/** Neither ids nor symbols hold a space. */
function scopeKey({ accountId, symbol }: LimitScope): string {
  return `${accountId ?? ""} ${symbol ?? ""}`;
}
