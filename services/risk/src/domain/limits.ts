/** The limits of orders and of accounts. null: no limit. */
export interface Limits {
  /** price x quantity in the quote asset, a decimal. */
  readonly maxOrderNotional: string | null;
  /** A decimal. */
  readonly maxOrderQuantity: string | null;
  /** How far from the reference price, in parts per million; "instrument": what the instrument says. */
  readonly collarPpm: number | null | "instrument";
  /** Of an account over all symbols, as are the fields below. */
  readonly ordersPerSecond: number | null;
  readonly orderBurst: number | null;
  /** Orders that are open or on their way. */
  readonly maxOpenOrders: number | null;
  /** For each quote asset: the sum of worst price x leaves over the open orders, a decimal. */
  readonly maxOpenNotional: string | null;
}

/** The limits that are set for one scope; an absent field is inherited. */
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

/** Counted over all symbols: set for an account or for everyone, never for a symbol. */
export const ACCOUNT_LIMIT_FIELDS = [
  "ordersPerSecond",
  "orderBurst",
  "maxOpenOrders",
  "maxOpenNotional",
] as const satisfies readonly (keyof Limits)[];

/** Whether the account's open orders must be known. */
export function limitsOpen({ maxOpenOrders, maxOpenNotional }: Limits): boolean {
  return maxOpenOrders !== null || maxOpenNotional !== null;
}

/** Settings by scope; each field comes from the narrowest scope that sets it. */
export class LimitTable {
  readonly #defaults: Limits;
  #settings: ReadonlyMap<string, LimitSetting> = new Map();
  /** Of the accounts that have settings of their own, which few have. */
  #ofAccounts: ReadonlyMap<string, AccountLimits> = new Map();
  #ofOthers: AccountLimits;

  constructor(defaults: Limits) {
    this.#defaults = defaults;
    this.#ofOthers = new AccountLimits(defaults, undefined, new Map(), new Map());
  }

  /** Replaces all settings. */
  load(settings: readonly (LimitScope & { readonly setting: LimitSetting })[]): void {
    this.#settings = new Map(settings.map((each) => [scopeKey(each), each.setting]));
    const ofAny = (accountId: string | null): LimitSetting | undefined =>
      this.#settings.get(scopeKey({ accountId, symbol: null }));
    const inSymbols = new Map<string | null, Map<string, LimitSetting>>();
    for (const { accountId, symbol, setting } of settings) {
      const ofAccount = inSymbols.get(accountId) ?? new Map<string, LimitSetting>();
      inSymbols.set(accountId, ofAccount);
      if (symbol !== null) ofAccount.set(symbol, setting);
    }
    const base = overlaid(this.#defaults, ofAny(null));
    const everyones = inSymbols.get(null) ?? new Map();
    inSymbols.delete(null);
    this.#ofOthers = new AccountLimits(base, undefined, everyones, new Map());
    this.#ofAccounts = new Map(
      [...inSymbols].map(([accountId, own]) => [
        accountId ?? "",
        new AccountLimits(base, ofAny(accountId), everyones, own),
      ]),
    );
  }

  /** The limits of an account. null: of any account without settings of its own. */
  of(accountId: string | null): AccountLimits {
    return (accountId === null ? undefined : this.#ofAccounts.get(accountId)) ?? this.#ofOthers;
  }

  /** Account in symbol, then account, then symbol, then everyone, then the configuration. */
  effective({ accountId, symbol }: LimitScope): Limits {
    const limits = this.of(accountId);
    return symbol === null ? limits.own : limits.inSymbol(symbol);
  }

  setting(scope: LimitScope): LimitSetting {
    return this.#settings.get(scopeKey(scope)) ?? {};
  }
}

/** The limits of an account, or of all accounts without settings of their own: over all symbols and in each. */
export class AccountLimits {
  /** Over all symbols. */
  readonly own: Limits;
  readonly #base: Limits;
  readonly #setting: LimitSetting | undefined;
  readonly #everyones: ReadonlyMap<string, LimitSetting>;
  readonly #inSymbols: ReadonlyMap<string, LimitSetting>;
  /** Only of symbols that something is set for. */
  readonly #found = new Map<string, Limits>();

  constructor(
    base: Limits,
    setting: LimitSetting | undefined,
    everyones: ReadonlyMap<string, LimitSetting>,
    inSymbols: ReadonlyMap<string, LimitSetting>,
  ) {
    this.own = overlaid(base, setting);
    this.#base = base;
    this.#setting = setting;
    this.#everyones = everyones;
    this.#inSymbols = inSymbols;
  }

  inSymbol(symbol: string): Limits {
    const ofSymbol = this.#everyones.get(symbol);
    const ofBoth = this.#inSymbols.get(symbol);
    if (ofSymbol === undefined && ofBoth === undefined) return this.own;
    let limits = this.#found.get(symbol);
    if (limits === undefined) {
      const narrowed = overlaid(overlaid(overlaid(this.#base, ofSymbol), this.#setting), ofBoth);
      limits = overlaid(narrowed, accountWide(this.own));
      if (this.#found.size >= MAX_FOUND) this.#found.clear();
      this.#found.set(symbol, limits);
    }
    return limits;
  }
}

/** Symbols whose limits are cached per account. */
const MAX_FOUND = 1_000;

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

/** The limits that can't be set for a symbol. */
function accountWide({ ordersPerSecond, orderBurst, maxOpenOrders, maxOpenNotional }: Limits): LimitSetting {
  return { ordersPerSecond, orderBurst, maxOpenOrders, maxOpenNotional };
}

/** Neither ids nor symbols hold a space. */
function scopeKey({ accountId, symbol }: LimitScope): string {
  return `${accountId ?? ""} ${symbol ?? ""}`;
}
